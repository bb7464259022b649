//! `--field`: from names to columns.

use std::collections::HashSet;
use std::ops::Range;

use ringbuf_core::{Column, Element, Field, Role, Schema};
use wildmatch::WildMatch;

use crate::usage::Usage;

/// Columns an analysis that keeps a memory of each works on, at most.
const MAX_ANALYZED: usize = 1024;

/// The columns to calculate with: numbers, and not the time.
pub fn numbers(schema: &Schema, names: &[String]) -> Result<Vec<Column>, Usage> {
    let mut columns = if names.is_empty() {
        schema.columns()
    } else {
        named(schema, names)?
    };
    // Who asks for none in particular, or for all that fit a pattern, means those that are fit.
    columns.retain(|column| obstacle(column).is_none() || is_named(schema, names, column));
    if let Some((column, why)) = columns.iter().find_map(|c| Some((c, obstacle(c)?))) {
        let (name, there_is) = (column.name(), there_is(schema));
        return Err(Usage(format!(
            "cannot calculate with {name}: it is {why}; {there_is}"
        )));
    }
    match columns.len() {
        0 => Err(Usage(format!(
            "the ring has no numbers; {}",
            there_is(schema)
        ))),
        1..=MAX_ANALYZED => Ok(columns),
        found => Err(Usage(format!(
            "a record has {found} values, more than the {MAX_ANALYZED} that can be analyzed at \
             once; choose with --field: {}",
            there_is(schema)
        ))),
    }
}

/// The columns to show: all, except the time that is shown anyway.
pub fn all(schema: &Schema, names: &[String]) -> Result<Vec<Column>, Usage> {
    if !names.is_empty() {
        return named(schema, names);
    }
    let time = schema.time_field().map(Field::name);
    let mut columns = schema.columns();
    columns.retain(|column| Some(column.name()) != time);
    Ok(columns)
}

/// Whether it was asked for by its very name.
fn is_named(schema: &Schema, names: &[String], column: &Column) -> bool {
    names.iter().any(|name| {
        let field = schema.field(name);
        name == column.name() || field.is_some_and(|field| place(field).contains(&column.offset()))
    })
}

fn obstacle(column: &Column) -> Option<&'static str> {
    match (column.role(), column.element()) {
        (Role::Time(_), _) | (_, Element::DateTimeNs) => Some("a time"),
        (_, Element::Text(_)) => Some("text"),
        _ => None,
    }
}

fn named(schema: &Schema, names: &[String]) -> Result<Vec<Column>, Usage> {
    let mut columns: Vec<Column> = Vec::new();
    // No two columns lie at the same place, and there may be tens of thousands.
    let mut seen = HashSet::new();
    for name in names {
        let found = one_name(schema, name);
        if found.is_empty() {
            let there_is = there_is(schema);
            let has = match name.contains(['*', '?']) {
                true => format!("no field that {name} fits"),
                false => format!("no field {name}"),
            };
            return Err(Usage(format!("the ring has {has}; {there_is}")));
        }
        for column in found {
            if seen.insert(column.offset()) {
                columns.push(column);
            }
        }
    }
    Ok(columns)
}

/// The column of this name, or all those of the array of this name; of a pattern (`*` is any text, `?` any character), all
/// those of the columns and arrays that it fits.
fn one_name(schema: &Schema, name: &str) -> Vec<Column> {
    if let Some(column) = schema.column(name) {
        return vec![column];
    }
    let mut columns = schema.columns();
    if let Some(field) = schema.field(name) {
        columns.retain(|column| place(field).contains(&column.offset()));
        return columns;
    }
    if !name.contains(['*', '?']) {
        return Vec::new();
    }
    let pattern = WildMatch::new(name);
    let arrays: Vec<Range<usize>> = schema
        .fields()
        .iter()
        .filter(|field| pattern.matches(field.name()))
        .map(place)
        .collect();
    columns.retain(|column| {
        let is_inside = arrays.iter().any(|place| place.contains(&column.offset()));
        is_inside || pattern.matches(column.name())
    });
    columns
}

/// Where a field lies in a record.
fn place(field: &Field) -> Range<usize> {
    field.offset()..field.offset() + field.size()
}

fn there_is(schema: &Schema) -> String {
    let names: Vec<String> = schema.fields().iter().map(name_and_shape).collect();
    format!("it has: {}", names.join(", "))
}

fn name_and_shape(field: &Field) -> String {
    let mut name = field.name().to_owned();
    for extent in field.get_shape() {
        name += &match extent {
            1 => "[0]".to_owned(),
            _ => format!("[0..{}]", extent.saturating_sub(1)),
        };
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringbuf_core::Clock;

    fn schema() -> Schema {
        Schema::packed([
            Field::new("t", Element::DateTimeNs).time(Clock::Unix),
            Field::new("accel", Element::F32).shape(&[3]).unit("g"),
            Field::new("state", Element::Text(4)),
            Field::new("celsius", Element::F64),
        ])
        .unwrap()
    }

    fn names(columns: &[Column]) -> Vec<&str> {
        columns.iter().map(Column::name).collect()
    }

    fn asked(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn numbers_are_neither_time_nor_text() {
        let found = numbers(&schema(), &[]).unwrap();
        assert_eq!(
            names(&found),
            ["accel[0]", "accel[1]", "accel[2]", "celsius"]
        );
    }

    #[test]
    fn everything_is_shown_but_the_time() {
        let found = all(&schema(), &[]).unwrap();
        let expected = ["accel[0]", "accel[1]", "accel[2]", "state", "celsius"];
        assert_eq!(names(&found), expected);
    }

    #[test]
    fn names_come_in_the_order_asked_and_once() {
        let wanted = asked(&["celsius", "accel[1]", "accel"]);
        let found = numbers(&schema(), &wanted).unwrap();
        assert_eq!(
            names(&found),
            ["celsius", "accel[1]", "accel[0]", "accel[2]"]
        );
        let shown = all(&schema(), &asked(&["t", "state"])).unwrap();
        assert_eq!(names(&shown), ["t", "state"]);
    }

    /// As many as there may be: in a time in proportion, not in that of comparing each with each.
    #[test]
    fn tens_of_thousands_are_found() {
        let many = Field::new("x", Element::U8).shape(&[1 << 16]);
        let schema = Schema::packed([many]).unwrap();
        let found = all(&schema, &asked(&["x*", "x", "x[7]", "*"])).unwrap();
        assert_eq!(found.len(), 1 << 16);
    }

    #[test]
    fn patterns_stand_for_all_they_fit() {
        let found = |pattern: &str| {
            let found = numbers(&schema(), &asked(&[pattern])).unwrap();
            names(&found).join(" ")
        };
        assert_eq!(found("acc*"), "accel[0] accel[1] accel[2]");
        assert_eq!(found("*[1]"), "accel[1]");
        assert_eq!(found("ce?sius"), "celsius");
        // Of all that it fits, those one can calculate with.
        assert_eq!(found("*"), "accel[0] accel[1] accel[2] celsius");
        let shown = all(&schema(), &asked(&["s*", "*s"])).unwrap();
        assert_eq!(names(&shown), ["state", "celsius"]);
        let error = numbers(&schema(), &asked(&["gyro*"])).unwrap_err().0;
        assert!(error.starts_with("the ring has no field that gyro* fits; it has: t,"));
        // A star in a name is a star.
        let starred = Schema::packed([
            Field::new("a*", Element::F64),
            Field::new("ab", Element::F64),
        ]);
        let starred = starred.unwrap();
        assert_eq!(names(&all(&starred, &asked(&["a*"])).unwrap()), ["a*"]);
    }

    #[test]
    fn errors_say_what_there_is() {
        let error = |name: &str| numbers(&schema(), &asked(&[name])).unwrap_err().0;
        let expected = "the ring has no field gyro; it has: t, accel[0..2], state, celsius";
        assert_eq!(error("gyro"), expected);
        assert!(error("accel[3]").starts_with("the ring has no field accel[3]"));
        assert!(error("state").contains("it is text"));
        assert!(error("t").contains("it is a time"));
    }

    #[test]
    fn a_ring_without_numbers_and_one_with_too_many_are_refused() {
        let text = Schema::packed([Field::new("state", Element::Text(4))]).unwrap();
        assert!(numbers(&text, &[]).unwrap_err().0.contains("no numbers"));
        let image = Schema::packed([Field::new("row", Element::U8).shape(&[2000])]).unwrap();
        assert!(numbers(&image, &[]).unwrap_err().0.contains("--field"));
        assert_eq!(numbers(&image, &asked(&["row[7]"])).unwrap().len(), 1);
    }
}

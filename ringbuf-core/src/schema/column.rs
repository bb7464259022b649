//! Columns: the single values of a record, each under a name of its own.

use super::element::decimal;
use super::{Element, Field, MAX_COLUMNS, Role, Schema};

/// One value of every record: a field, or an element of a field that is an array.
///
/// ```
/// use ringbuf_core::{Element, Field, Schema};
///
/// let schema = Schema::packed([Field::new("accel", Element::F32).shape(&[3]).unit("g")]).unwrap();
/// let z = schema.column("accel[2]").unwrap();
/// assert_eq!((z.offset(), z.element(), z.unit()), (8, Element::F32, Some("g")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    name: String,
    element: Element,
    offset: usize,
    unit: Option<String>,
    role: Role,
}

impl Column {
    fn new(field: &Field, index: usize) -> Column {
        Column {
            name: format!("{}{}", field.name(), subscript(field.get_shape(), index)),
            element: field.element(),
            offset: field.offset() + index * field.element().size(),
            unit: field.get_unit().map(str::to_owned),
            role: field.role(),
        }
    }

    /// Its name: the field's, for an element of an array with the indices behind it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    pub fn element(&self) -> Element {
        self.element
    }

    /// The byte of the record at which it begins.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// In what unit it is, if that is known.
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// What it means.
    pub fn role(&self) -> Role {
        self.role
    }
}

impl Schema {
    /// Every single value of a record, in the order of the fields: `t`, `accel[0]`, `m[1][2]`.
    ///
    /// The list ends at 65 536: a field that would not fit as a whole, an image say, is left out.
    /// Its values are still found by name with [`column`](Schema::column).
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Schema};
    ///
    /// let schema = Schema::packed([
    ///     Field::new("t", Element::U64),
    ///     Field::new("gyro", Element::F32).shape(&[2]),
    /// ]).unwrap();
    /// let names: Vec<String> = schema.columns().iter().map(|c| c.name().to_owned()).collect();
    /// assert_eq!(names, ["t", "gyro[0]", "gyro[1]"]);
    /// ```
    pub fn columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        for field in self.fields() {
            if field.values() <= MAX_COLUMNS - columns.len() {
                columns.extend((0..field.values()).map(|index| Column::new(field, index)));
            }
        }
        columns
    }

    /// The column of this name, as [`columns`](Schema::columns) names them.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Schema};
    ///
    /// let schema = Schema::packed([Field::new("m", Element::F64).shape(&[2, 3])]).unwrap();
    /// assert_eq!(schema.column("m[1][2]").unwrap().offset(), 40);
    /// assert!(schema.column("m[2][0]").is_none());
    /// assert!(schema.column("m").is_none());
    /// ```
    pub fn column(&self, name: &str) -> Option<Column> {
        match self.field(name) {
            Some(field) if field.get_shape().is_empty() => Some(Column::new(field, 0)),
            Some(_) => None,
            None => array_element(name, |array| self.field(array)),
        }
    }
}

/// The element of an array that goes by this name, the array being found by `field`.
///
/// Names may have brackets of their own, as in `temp[C]` or `temp[1]`, so every bracket may be
/// the one where the indices begin.
pub(super) fn array_element<'a>(
    name: &str,
    field: impl Fn(&str) -> Option<&'a Field>,
) -> Option<Column> {
    let inside = name.strip_suffix(']')?;
    inside.match_indices('[').find_map(|(bracket, _)| {
        let field = field(&name[..bracket])?;
        let index = flat_index(field.get_shape(), &inside[bracket + 1..])?;
        Some(Column::new(field, index))
    })
}

/// `[1][2]` for value number 5 of a 2 by 3 matrix.
fn subscript(shape: &[usize], mut index: usize) -> String {
    let mut text = String::new();
    for &dimension in shape.iter().rev() {
        text.insert_str(0, &format!("[{}]", index % dimension));
        index /= dimension;
    }
    text
}

/// 5 for `1][2` of a 2 by 3 matrix.
fn flat_index(shape: &[usize], indices: &str) -> Option<usize> {
    let mut indices = indices.split("][");
    let mut flat = 0;
    for &dimension in shape {
        let digits = indices.next()?;
        let index = decimal(digits).filter(|&index| index < dimension)?;
        let canonical = digits == "0" || !digits.starts_with('0');
        if !canonical {
            return None;
        }
        flat = flat * dimension + index;
    }
    match indices.next() {
        None if !shape.is_empty() => Some(flat),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Schema {
        Schema::packed([
            Field::new("t", Element::U64),
            Field::new("image", Element::U8).shape(&[1024, 1024, 3]),
            Field::new("name", Element::Text(8)),
            Field::new("labels", Element::Text(4)).shape(&[2]),
        ])
        .unwrap()
    }

    #[test]
    fn every_listed_column_is_found_by_its_name() {
        let schema = Schema::packed([
            Field::new("a[C]", Element::F32),
            Field::new("b[1]", Element::F32).shape(&[2, 2]),
            Field::new("m", Element::I16).shape(&[2, 3, 2]),
            Field::new("s", Element::Text(5)),
        ])
        .unwrap();
        let columns = schema.columns();
        assert_eq!(columns.len(), 1 + 4 + 12 + 1);
        for column in columns {
            assert_eq!(schema.column(column.name()), Some(column));
        }
    }

    #[test]
    fn columns_tile_the_record() {
        let schema = Schema::packed([
            Field::new("x", Element::U8).shape(&[3, 2]),
            Field::new("y", Element::Text(3)),
            Field::new("z", Element::F64).shape(&[2]),
        ])
        .unwrap();
        let mut end = 0;
        for column in schema.columns() {
            assert_eq!(column.offset(), end);
            end += column.element().size();
        }
        assert_eq!(end, schema.size());
    }

    #[test]
    fn an_image_is_not_listed_but_reachable() {
        let schema = image();
        let names: Vec<_> = schema.columns().into_iter().map(|c| c.name).collect();
        assert_eq!(names, ["t", "name", "labels[0]", "labels[1]"]);
        let last = schema.column("image[1023][1023][2]").unwrap();
        assert_eq!(last.offset(), 8 + 1024 * 1024 * 3 - 1);
    }

    #[test]
    fn names_that_are_no_columns() {
        let schema = image();
        for name in [
            "",
            "]",
            "[",
            "[]",
            "t[0]",
            "image",
            "image[0]",
            "image[0][0]",
            "image[0][0][3]",
            "image[0][0][0][0]",
            "image[00][0][0]",
            "image[+1][0][0]",
            "image[][0][0]",
            "labels[2]",
            "labels[-1]",
            "labels[0",
            "labels0]",
            "labels[0]]",
            "labels[99999999999999999999999]",
            "nothing[0]",
            "é[0]",
        ] {
            assert_eq!(schema.column(name), None, "{name}");
        }
    }
}

//! What was counted, as it is reported.

use std::io;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::judge::Counts;
use crate::output::Output;
use crate::progress::Summary;
use crate::table::Table;

/// What an analysis of anomalies adds to a report.
#[derive(Serialize)]
pub struct Own<'a> {
    anomalies: u64,
    episodes: u64,
    changes: u64,
    fields: Fields<'a>,
}

/// A map that keeps the order of the fields.
pub struct Fields<'a>(Vec<(&'a str, Counts)>);

impl<'a> Own<'a> {
    pub fn of(fields: Vec<(&'a str, Counts)>) -> Own<'a> {
        let sum = |count: fn(&Counts) -> u64| fields.iter().map(|(_, counts)| count(counts)).sum();
        Own {
            anomalies: sum(|counts| counts.anomalies),
            episodes: sum(|counts| counts.episodes),
            changes: sum(|counts| counts.changes),
            fields: Fields(fields),
        }
    }

    /// For people: a line, and at the end a table.
    pub fn write(&self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        let (anomalies, changes) = (self.anomalies, self.changes);
        let mut line = format!(
            "{summary}: {anomalies} anomal{}",
            plural(anomalies, "y", "ies")
        );
        if anomalies > 1 {
            let s = plural(self.episodes, "", "s");
            line += &format!(" in {} episode{s}", self.episodes);
        }
        if changes > 0 {
            line += &format!(", {changes} change{}", plural(changes, "", "s"));
        }
        output.text(line)?;
        if !summary.last {
            return Ok(());
        }
        let mut table = Table::new([
            "field",
            "judged",
            "not judged",
            "anomalies",
            "episodes",
            "changes",
            "",
        ]);
        for (name, counts) in &self.fields.0 {
            table.row([
                (*name).to_owned(),
                counts.judged.to_string(),
                counts.not_judged.to_string(),
                counts.anomalies.to_string(),
                counts.episodes.to_string(),
                counts.changes.to_string(),
                String::new(),
            ]);
        }
        output.text(table)
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, counts) in &self.0 {
            map.serialize_entry(name, counts)?;
        }
        map.end()
    }
}

/// One ending or the other.
pub fn plural(count: u64, one: &'static str, several: &'static str) -> &'static str {
    if count == 1 { one } else { several }
}

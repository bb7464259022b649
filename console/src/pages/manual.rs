//! Manual pages: those of `clap_mangen`, with what `--help` says behind the options where a manual page has it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Context;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// Writes a page for the program, and one for each of its commands.
pub(super) fn write(command: Command, directory: &Path) -> anyhow::Result<()> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot make the directory {}", directory.display()))?;
    for page in std::iter::once(&command).chain(command.get_subcommands()) {
        let man = Man::new(page.clone());
        let name = man.get_filename();
        let path = directory.join(&name);
        let text = render(&command, page, &man)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn render(program: &Command, page: &Command, man: &Man) -> anyhow::Result<String> {
    let help = page.get_after_long_help().or(page.get_after_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let behind = Behind::sorted(&help);
    let is_program = page.get_name() == program.get_name();

    let mut text = Vec::new();
    title(program, page).to_writer(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    if behind.description.is_empty() || page.get_long_about().is_some() {
        man.render_description_section(&mut text)?;
    } else {
        // What it does stands in the first line of the page.
        section("DESCRIPTION").to_writer(&mut text)?;
    }
    paragraphs(&behind.description).to_writer(&mut text)?;
    if page.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut text)?;
    }
    if page.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    for (name, parts) in [("EXIT STATUS", behind.exit), ("EXAMPLES", behind.examples)] {
        if !parts.is_empty() {
            section(name).to_writer(&mut text)?;
            paragraphs(&parts).to_writer(&mut text)?;
        }
    }
    if !is_program {
        let mut other = section("SEE ALSO");
        other.text([bold(program.get_name()), roman("(1)")]);
        other.to_writer(&mut text)?;
    }
    let text = String::from_utf8(text).context("a page that is no text")?;
    Ok(tidied(&text))
}

fn title(program: &Command, page: &Command) -> Roff {
    let name = page.get_display_name().unwrap_or(page.get_name());
    let version = program.get_version().unwrap_or_default();
    let source = format!("{} {version}", program.get_name());
    let mut title = Roff::new();
    // Between the quotes would be a date.
    title.control("TH", [name, "1", "\"\"", &source, "ringbuf"]);
    title
}

fn section(name: &str) -> Roff {
    let mut section = Roff::new();
    section.control("SH", [name]);
    section
}

/// The paragraphs that stand behind the options in `--help`, sorted.
#[derive(Default)]
struct Behind {
    description: Vec<String>,
    exit: Vec<String>,
    examples: Vec<String>,
}

impl Behind {
    fn sorted(help: &str) -> Behind {
        let mut behind = Behind::default();
        for part in help.split("\n\n").filter(|part| !part.is_empty()) {
            // What it means how it ended may stand in the last lines of a paragraph.
            let exit = part.match_indices("Exit").find(|(at, _)| {
                let before = &part[..*at];
                before.is_empty() || before.ends_with('\n')
            });
            let (part, exit) = part.split_at(exit.map_or(part.len(), |(at, _)| at));
            if let Some((_, exit)) = exit.split_once(": ") {
                behind.exit.push(exit.to_owned());
            }
            let part = part.trim_end_matches('\n');
            if let Some(examples) = part.strip_prefix("Examples:\n") {
                behind.examples.push(examples.to_owned());
            } else if part.starts_with("Examples") {
                behind.examples.push(part.to_owned());
            } else if !part.is_empty() {
                behind.description.push(part.to_owned());
            }
        }
        behind
    }
}

/// These, as they follow the head of a section. Indented lines stay as they are.
fn paragraphs(parts: &[String]) -> Roff {
    let mut roff = Roff::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            roff.control("PP", []);
        }
        let mut is_verbatim = false;
        for (j, line) in part.lines().enumerate() {
            let indented = line.strip_prefix("  ");
            if indented.is_some() != is_verbatim {
                is_verbatim = !is_verbatim;
                if is_verbatim {
                    if j > 0 {
                        roff.control("sp", []);
                    }
                    roff.control("RS", ["2"]).control("nf", []);
                } else {
                    roff.control("fi", []).control("RE", []).control("PP", []);
                }
            }
            roff.text([roman(indented.unwrap_or(line))]);
        }
        if is_verbatim {
            roff.control("fi", []).control("RE", []);
        }
    }
    roff
}

/// In ASCII, as every reader of manual pages takes it; with what it takes for a macro once, and no line empty.
fn tidied(text: &str) -> String {
    /// What [`Roff`] begins with, wherever it stands.
    const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";
    let mut tidied = PREAMBLE.to_owned();
    let mut last = "";
    for line in text.replace(PREAMBLE, "").lines() {
        let line = match line.trim_end() {
            "" => ".sp",
            line => line,
        };
        // A space is a break already.
        let is_again = (line == ".sp" || line == ".br") && last == ".sp";
        if is_again {
            continue;
        }
        if line == ".sp" && last == ".br" {
            tidied.truncate(tidied.len() - ".br\n".len());
        }
        last = line;
        for c in line.chars() {
            match c {
                // These would be shown as an accent, or as a quote that no shell knows.
                '`' => tidied += "\\(ga",
                '^' => tidied += "\\(ha",
                '~' => tidied += "\\(ti",
                c if c.is_ascii() => tidied.push(c),
                c => {
                    // A String takes everything.
                    let _ = write!(tidied, "\\[u{:04X}]", u32::from(c));
                }
            }
        }
        tidied.push('\n');
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_ascii_without_empty_lines() {
        let mut page = paragraphs(&["10 µs, 5 °C in `~/a^b`, isn't it\n.dot".to_owned()]);
        page.control("br", []).text([roman("")]);
        page.control("br", []);
        let mut text = Vec::new();
        page.to_writer(&mut text).unwrap();
        page.to_writer(&mut text).unwrap();
        let once =
            "10 \\[u00B5]s, 5 \\[u00B0]C in \\(ga\\(ti/a\\(hab\\(ga, isn\\*(Aqt it\n\\&.dot\n.sp\n";
        let preamble = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";
        let expected = format!("{preamble}{once}{once}");
        assert_eq!(tidied(&String::from_utf8(text).unwrap()), expected);
    }

    #[test]
    fn what_stands_behind_the_options_is_sorted() {
        let help = "Words\n  and lines\nmore words\nExit status: 0 done.\n\nExamples:\n  tool -x\n\nExamples with y:\n  tool -y\n\nLast";
        let behind = Behind::sorted(help);
        assert_eq!(
            behind.description,
            ["Words\n  and lines\nmore words", "Last"]
        );
        assert_eq!(behind.exit, ["0 done."]);
        assert_eq!(
            behind.examples,
            ["  tool -x", "Examples with y:\n  tool -y"]
        );
        let text = paragraphs(&behind.description).to_roff();
        let expected = "Words\n.sp\n.RS 2\n.nf\nand lines\n.fi\n.RE\n.PP\nmore words\n.PP\nLast\n";
        assert_eq!(text, expected);
    }
}

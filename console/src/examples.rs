//! The examples of a command line, for tests: every one of them must be understood by the program it is for.

use clap::error::ErrorKind;
use clap::{Command, Parser};

use crate::pages;

/// Reads every example of every help text of a program as the program would, and returns the words of each.
///
/// An example is a line that is indented by two spaces and runs the program, alone or in a pipeline; it goes on behind a `\`,
/// and what stands behind two spaces, or a `#`, is said about it.
///
/// # Errors
///
/// The example that is not understood, and why; or that there is none.
pub fn check<P: Parser>() -> Result<Vec<Vec<String>>, String> {
    let mut command = pages::command::<P>();
    command.build();
    let name = command.get_name().to_owned();
    let pages: Vec<&Command> = std::iter::once(&command)
        .chain(command.get_subcommands())
        .collect();
    let mut checked = Vec::new();
    for page in pages {
        let help = page.get_after_long_help().or(page.get_after_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        let help = help.replace("\\\n     ", "");
        for line in help.lines().filter_map(|line| line.strip_prefix("  ")) {
            for words in runs_of(&name, line)? {
                let read = pages::command::<P>().try_get_matches_from(&words).map(drop);
                match read {
                    Err(error) if !is_answer(&error) => {
                        return Err(format!("{}: {line}\n{error}", page.get_name()));
                    }
                    _ => checked.push(words),
                }
            }
        }
    }
    match checked.is_empty() {
        true => Err("there is no example".to_owned()),
        false => Ok(checked),
    }
}

/// Help or the version was asked for.
fn is_answer(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    )
}

/// The words of each run of this program in a line for a shell.
fn runs_of(name: &str, line: &str) -> Result<Vec<Vec<String>>, String> {
    let line = line.split("  ").next().unwrap_or_default();
    let mut runs = Vec::new();
    for words in commands(line)? {
        // Variables may be set in front of it.
        let is_setting = |word: &&String| word.contains('=') && !word.starts_with('-');
        let words: Vec<String> = words.iter().skip_while(is_setting).cloned().collect();
        if words.first().is_some_and(|word| word == name) {
            runs.push(words);
        }
    }
    Ok(runs)
}

/// The commands of a pipeline or a list, without redirections.
fn commands(line: &str) -> Result<Vec<Vec<String>>, String> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut is_target = false;
    let mut chars = line.chars().peekable();
    let end = |word: &mut Option<String>, commands: &mut Vec<Vec<String>>, target: &mut bool| {
        if let Some(word) = word.take()
            && !std::mem::take(target)
            && let Some(command) = commands.last_mut()
        {
            command.push(word);
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => return Err(format!("a quote without an end: {line}")),
                        Some(other) if other == c => break,
                        Some(other) => word.push(other),
                    }
                }
            }
            ' ' => end(&mut word, &mut commands, &mut is_target),
            '#' if word.is_none() => break,
            '|' | '&' | ';' => {
                end(&mut word, &mut commands, &mut is_target);
                commands.push(Vec::new());
            }
            '<' | '>' => {
                end(&mut word, &mut commands, &mut is_target);
                is_target = true;
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    end(&mut word, &mut commands, &mut is_target);
    Ok(commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Parser)]
    #[command(name = "tool", after_help = HELP)]
    struct Tool {
        /// A number
        #[arg(long)]
        number: Option<u8>,
    }

    const HELP: &str = "\
Words about tool --nothing.

Examples:
  tool --number 1                   what it does
  A=b other --x 'a | tool' | tool --number '2' > file && tool --number 3 # tool
  tool \\
      --number 4
  other tool";

    #[test]
    fn examples_are_found() {
        let tool = Tool::try_parse_from(["tool", "--number", "7"]).unwrap();
        assert_eq!(tool.number, Some(7));
        // And those of the completions and the manual pages.
        assert_eq!(check::<Tool>().unwrap().len(), 4 + 5);
    }

    #[test]
    fn what_is_not_understood_is_said() {
        #[derive(Parser)]
        #[command(name = "tool", after_help = "Examples:\n  tool --nothing")]
        struct Wrong;
        let error = check::<Wrong>().unwrap_err();
        assert!(error.contains("--nothing"), "{error}");
        #[derive(Parser)]
        #[command(name = "tool", after_help = "Examples:\n  tool 'x")]
        struct Open;
        assert!(check::<Open>().unwrap_err().contains("without an end"));
    }
}

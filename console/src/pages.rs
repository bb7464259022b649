//! Completions for shells and manual pages: what every program can make of its own command line.

mod manual;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::exit;

use anyhow::Context;
use clap::{Args, Command, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::error::whole;

// The commands that make them; a doc comment would become what the program is about.
#[derive(Debug, Subcommand)]
enum Pages {
    /// Completions for a shell, to standard output
    Completions(Completions),
    /// Manual pages, one a command, as files
    Man(Man),
}

#[derive(Debug, Args)]
struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Debug, Args)]
struct Man {
    /// Where they go, such as ~/.local/share/man/man1; it is made if there is none
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// The command line of a program with the commands that make completions and manual pages.
pub fn command<P: Parser>() -> Command {
    let command = P::command();
    let name = command.get_name().to_owned();
    Pages::augment_subcommands(command)
        .mut_subcommand("completions", |page| {
            page.after_help(format!(
                "Examples, each for the next start of a shell:\n  \
                 {name} completions bash > ~/.local/share/bash-completion/completions/{name}\n  \
                 {name} completions zsh > ~/.zfunc/_{name}    # a directory in $fpath\n  \
                 {name} completions fish > ~/.config/fish/completions/{name}.fish"
            ))
        })
        .mut_subcommand("man", |page| {
            page.after_help(format!(
                "Examples:\n  {name} man ~/.local/share/man/man1      then `man {name}` shows the first of them\n  \
                 {name} man /usr/local/share/man/man1    for all users"
            ))
        })
}

/// Reads the command line of a program; makes completions or manual pages, and ends, if it asks for them.
pub fn parse<P: Parser>() -> P {
    let matches = command::<P>().get_matches();
    if let Ok(pages) = Pages::from_arg_matches(&matches) {
        exit(match run::<P>(&pages) {
            Ok(()) => 0,
            Err(error) => {
                let name = P::command().get_name().to_owned();
                // Nobody may be listening, and there is nobody else to tell.
                let _ = writeln!(io::stderr(), "{name}: {}", whole(&error));
                1
            }
        });
    }
    P::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command::<P>()).exit())
}

fn run<P: Parser>(pages: &Pages) -> anyhow::Result<()> {
    let mut command = command::<P>();
    match pages {
        Pages::Completions(completions) => {
            let name = command.get_name().to_owned();
            let mut script = Vec::new();
            clap_complete::generate(completions.shell, &mut command, name, &mut script);
            let mut out = io::stdout().lock();
            match out.write_all(&script).and_then(|()| out.flush()) {
                // Whoever read it has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => result.context("standard output"),
            }
        }
        Pages::Man(man) => manual::write(command, &man.directory),
    }
}

//! What a program makes of its own command line, as shells and readers of manual pages take it. For the test programs of
//! every program, which know where it is.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

fn output(command: &mut Command) -> (bool, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    (output.status.success(), stdout, stderr)
}

/// What the program says when all goes well.
#[track_caller]
fn said(program: &str, arguments: &[&str]) -> String {
    let (is_success, stdout, stderr) = output(Command::new(program).args(arguments));
    assert!(is_success, "{arguments:?}: {stderr}");
    stdout
}

/// Whether the system has a program; if not, that is said.
fn has(program: &str, without: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .status();
    if found.is_err() {
        eprintln!("there is no {program} here: {without}");
    }
    found.is_ok()
}

/// The names of the commands in the help of the program.
fn commands(program: &str) -> BTreeSet<String> {
    let help = said(program, &["--help"]);
    let (_, rest) = help.split_once("\nCommands:\n").unwrap();
    let lines = rest.lines().take_while(|line| !line.is_empty());
    let name = |line: &str| {
        let line = line.strip_prefix("  ")?;
        let is_name = line.starts_with(|c: char| c != ' ');
        is_name.then(|| line.split(' ').next().unwrap().to_owned())
    };
    lines
        .filter_map(name)
        .filter(|name| name != "help")
        .collect()
}

/// `--version` says what the program is called and which rings it knows.
pub fn version(program: &str, name: &str) {
    let version = said(program, &["--version"]);
    let format = ringbuf_core::inspect::FORMAT_VERSION;
    let expected = format!(
        "{name} {} (ring format {format})\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(version, expected);
}

/// Bash completes every command, and the options given; the scripts of other shells are read by those that are there.
pub fn completions(program: &str, name: &str, options: &[(&str, &str)]) {
    let directory = tempfile::tempdir().unwrap();
    let script = |shell: &str| {
        let path = directory.path().join(shell);
        std::fs::write(&path, said(program, &["completions", shell])).unwrap();
        path.display().to_string()
    };
    let bash = script("bash");
    let complete = |words: &[&str]| {
        let count = words.len();
        let last = words[count - 1];
        let before = words.get(count.wrapping_sub(2)).unwrap_or(&"");
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let line = format!(
            "source '{bash}' && COMP_WORDS=({}) COMP_CWORD={} && _{name} {name} '{last}' '{before}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            quoted.join(" "),
            count - 1,
        );
        let mut shell = Command::new("bash");
        let (is_success, stdout, stderr) = output(shell.args(["--norc", "-c", &line]));
        assert!(is_success && stderr.is_empty(), "{line}: {stderr}");
        stdout.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let offered = complete(&[name, ""]);
    for command in commands(program) {
        assert!(offered.contains(&command), "{command} in {offered:?}");
        assert!(complete(&[name, &command, "--"]).contains("--help"));
    }
    for (command, option) in options {
        let beginning = &option[..option.len() - 1];
        let offered = complete(&[name, command, beginning]);
        assert!(offered.contains(*option), "{option} in {offered:?}");
    }
    assert_eq!(
        complete(&[name, "completions", "z"]),
        ["zsh".to_owned()].into()
    );
    for shell in ["zsh", "fish"] {
        let path = script(shell);
        if has(shell, "nobody reads its completions") {
            let (is_success, _, stderr) = output(Command::new(shell).args(["-n", &path]));
            assert!(is_success && stderr.is_empty(), "{shell}: {stderr}");
        }
    }
    for shell in ["elvish", "powershell"] {
        assert!(said(program, &["completions", shell]).contains(name));
    }
}

/// There is a page for every command, which a reader of manual pages takes without a warning, and in which every line of
/// the help that stands indented behind the options stands as it is.
pub fn manual(program: &str, name: &str) {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().join("man/man1");
    let nothing = said(program, &["man", directory.to_str().unwrap()]);
    assert_eq!(nothing, "");
    let mut pages = vec![(name.to_owned(), vec!["--help".to_owned()])];
    for command in commands(program) {
        pages.push((
            format!("{name}-{command}"),
            vec![command, "--help".to_owned()],
        ));
    }
    let mut files: Vec<String> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut expected: Vec<String> = pages.iter().map(|(page, _)| format!("{page}.1")).collect();
    expected.sort();
    assert_eq!(files, expected);
    let has_groff = has("groff", "nobody reads its manual pages");
    for (page, help) in pages {
        let path = directory.join(format!("{page}.1"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.is_ascii(), "{page}");
        assert!(
            text.contains(&format!("\n.TH {page} 1 \"\" \"{name} ")),
            "{text}"
        );
        assert!(!text.contains("\n\n"), "{text}");
        if has_groff {
            let arguments: Vec<&str> = help.iter().map(String::as_str).collect();
            reads_well(&path, &said(program, &arguments));
        }
    }
    // A file where the directory should be is told with its name.
    let file = directory.join(format!("{name}.1"));
    let mut command = Command::new(program);
    let (is_success, _, stderr) = output(command.arg("man").arg(&file));
    assert!(
        !is_success && stderr.contains(file.to_str().unwrap()),
        "{stderr}"
    );
}

fn reads_well(page: &Path, help: &str) {
    let mut groff = Command::new("groff");
    // Wide enough for every line, and without the marks for bold and underlined.
    groff
        .args(["-man", "-Tutf8", "-ww", "-rLL=160n", "-P-cbou"])
        .arg(page);
    let (is_success, shown, warnings) = output(&mut groff);
    assert!(is_success && warnings.is_empty(), "{warnings}");
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
        let head = format!("\n{section}\n");
        assert!(
            shown.contains(&head),
            "{section} in {}:\n{shown}",
            page.display()
        );
    }
    let (_, behind) = help.split_once("\nOptions:\n").unwrap();
    let (_, behind) = behind.split_once("\n\n").unwrap_or_default();
    // Other options, under a heading of their own, have lines that are filled.
    let behind = behind
        .lines()
        .filter(|line| !line.trim_start().starts_with('-'));
    let verbatim = behind.filter_map(|line| line.strip_prefix("  "));
    let is_verbatim = |line: &&str| !line.starts_with("      ") && line.is_ascii();
    for line in verbatim.filter(is_verbatim) {
        let is_shown = shown
            .lines()
            .any(|shown| shown.trim_start() == line.trim_start());
        assert!(is_shown, "{line:?} in {}:\n{shown}", page.display());
    }
}

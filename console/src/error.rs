//! Errors in one line.

/// The error and its causes, each said once: some errors name their cause themselves.
///
/// ```
/// use anyhow::anyhow;
///
/// let error = anyhow!("the file is empty").context("cannot open it: the file is empty").context("imu.csv");
/// assert_eq!(ringbuf_console::error::whole(&error), "imu.csv: cannot open it: the file is empty");
/// ```
pub fn whole(error: &anyhow::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .fold(String::new(), |text, cause| match text.as_str() {
            "" => cause,
            said if said.ends_with(&cause) => text,
            said => format!("{said}: {cause}"),
        })
}

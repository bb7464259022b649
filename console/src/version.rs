//! What `--version` says.

use std::sync::LazyLock;

use ringbuf_core::inspect::FORMAT_VERSION;

/// The version of the programs, and of the files they write and read: programs of one format understand each other's
/// rings.
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{} (ring format {FORMAT_VERSION})",
            env!("CARGO_PKG_VERSION")
        )
    });
    &VERSION
}

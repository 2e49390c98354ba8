//! `[sizes]`

use crate::reference::section;

section! {
    /// How large a request may be. What is larger is refused before it is read.
    "[sizes]" SizesConfig {
        /// All headers of a request together, in KiB (431 beyond).
        headers_kib: usize = 16,
        /// The number of headers (431 beyond).
        header_count: usize = 100,
        /// The address of a request, in bytes (414 beyond).
        uri_bytes: usize = 8_192,
        /// The body of a request, in KiB (413 beyond). The default takes the largest file that the pages take, and its form.
        body_kib: usize = 16_640,
        /// Requests at once on one HTTP/2 connection.
        http2_streams: u32 = 100,
        /// Requests that an HTTP/2 client may take back before they are looked at; beyond it the connection is closed (rapid reset).
        http2_pending_resets: usize = 20,
    }
}

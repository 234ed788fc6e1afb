internal import Platform

/// Tells readers of the other implementation that something was appended: they look at a named semaphore every few
/// milliseconds. The pool format, section 8.
///
/// Opened once, and posted only while its count is 0, so that tokens do not pile up. Nothing depends on it.
struct UpstreamSemaphore {
  private final class Open {
    let semaphore: NamedSemaphore
    init(_ semaphore: consuming NamedSemaphore) { self.semaphore = semaphore }
  }
  private var opened: Open?
  private var tried = false

  /// Posts for the pool at `path`.
  @inline(__always)
  mutating func post(_ path: String) {
    if !tried { open(path) }
    opened?.semaphore.postIfZero()
  }

  private mutating func open(_ path: String) {
    tried = true
    guard let semaphore = try? NamedSemaphore(Self.name(path)) else { return }
    opened = Open(semaphore)
  }

  /// `plsm-` and the SHA-256 of the canonical path in hexadecimal.
  static func name(_ path: String) -> String {
    let canonical = (try? Paths.canonical(path)) ?? path
    return name(canonical: canonical)
  }

  /// The same for a path that is canonical already.
  static func name(canonical path: String) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var bytes = Array("plsm-".utf8)
    for byte in SHA256.digest(Array(path.utf8)) {
      bytes.append(digits[Int(byte >> 4)])
      bytes.append(digits[Int(byte & 15)])
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

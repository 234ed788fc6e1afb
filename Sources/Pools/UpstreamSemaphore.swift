internal import Platform

/// Tells readers of the other implementation that something was appended: they look at a named semaphore every few
/// milliseconds. The pool format, section 8.
///
/// A reader that waits has made the semaphore: it is looked for now and then, opened once, and posted only while its count is 0,
/// so that tokens do not pile up and pools that no such reader follows leave nothing behind. Nothing depends on it.
struct UpstreamSemaphore {
  private final class Open {
    let semaphore: NamedSemaphore
    init(_ semaphore: consuming NamedSemaphore) { self.semaphore = semaphore }
  }
  /// How often it is looked for, in nanoseconds.
  private static let interval: Int64 = 100_000_000

  private var opened: Open?
  private var name: String?
  private var nextLook = Int64.min

  /// Posts for the pool at `path`.
  ///
  /// - Parameter now: Nanoseconds of the monotonic clock, roughly.
  @inline(__always)
  mutating func post(_ path: String, now: Int64) {
    if let opened {
      opened.semaphore.postIfZero()
    } else if now >= nextLook {
      look(path, now)
    }
  }

  @inline(never)
  private mutating func look(_ path: String, _ now: Int64) {
    nextLook = now + Self.interval
    let name = self.name ?? Self.name(path)
    self.name = name
    do throws(SystemError) {
      let semaphore = try NamedSemaphore(name, creating: false)
      semaphore.postIfZero()
      opened = Open(semaphore)
    } catch {
      if error.kind == .unsupported { nextLook = .max }
    }
  }

  /// `plsm-` and the SHA-256 of the canonical path in hexadecimal.
  static func name(_ path: String) -> String {
    let canonical = (try? Paths.canonical(path)) ?? path
    return name(canonical: canonical)
  }

  /// The same for a path that is canonical already.
  static func name(canonical path: String) -> String {
    "plsm-" + Hexadecimal.text(SHA256.digest(Array(path.utf8)))
  }
}

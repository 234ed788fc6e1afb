internal import Arguments
internal import CommandSupport
internal import Documents
internal import Platform

/// Tries again what a busy pool refused.
struct Retry {
  let attempts: UInt64
  /// Nanoseconds between attempts.
  let delay: UInt64

  /// Runs `body`, again after a pause while it fails with `.busy` and attempts are left.
  func run<Value>(_ body: () throws(Failure) -> Value) throws(CommandError) -> Value {
    var done: UInt64 = 0
    let start = Clock.monotonic()
    while true {
      do throws(Failure) {
        return try body()
      } catch {
        guard error.kind == .busy, done < attempts, StopRequests.requested == nil else {
          throw .failed(described(error, done, since: start))
        }
      }
      done += 1
      _ = StopRequests.wait(until: .after(nanoseconds: Int64(clamping: delay)))
    }
  }

  private func described(_ error: Failure, _ done: UInt64, since start: Int64) -> Failure {
    guard error.kind == .busy, done > 0 else { return error }
    var error = error
    let waited = (Clock.monotonic() - start) / 1_000_000
    let general = error.hint ?? error.kind.generalHint ?? ""
    error.hint =
      general + (general.utf8.last == UInt8(ascii: ".") ? " " : ". ")
      + "Retry attempts: \(done) (waited \(waited)ms)."
    return error
  }
}

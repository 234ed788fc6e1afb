import Platform
import Synchronization

/// A counter that any thread may use and wait for.
final class Atomic32: Sendable {
  private let count = Atomic<UInt32>(0)

  var value: UInt32 { count.load(ordering: .acquiring) }
  func add() { count.add(1, ordering: .acquiringAndReleasing) }
}

/// Waits until `isDone`; false when that takes longer than anybody wants to wait.
func eventually(seconds: Int64 = 30, _ isDone: () -> Bool) -> Bool {
  // Nobody signals it: between two looks this only lets others run.
  guard let lock = try? Lock(), let pause = try? Condition() else { return isDone() }
  lock.lock()
  defer { lock.unlock() }
  let deadline = Deadline.after(nanoseconds: seconds * 1_000_000_000)
  while !isDone() {
    if deadline.hasPassed { return isDone() }
    _ = pause.wait(lock, until: .after(nanoseconds: 200_000))
  }
  return true
}

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
  let deadline = Deadline.after(nanoseconds: seconds * 1_000_000_000)
  while !isDone() {
    if deadline.hasPassed { return isDone() }
    Clock.sleep(until: .after(nanoseconds: 200_000))
  }
  return true
}

import Platform
import Synchronization

/// A counter that any thread may use and wait for.
final class Atomic32: Sendable {
  private let count = Atomic<UInt32>(0)

  var value: UInt32 { count.load(ordering: .acquiring) }
  func add() { count.add(1, ordering: .acquiringAndReleasing) }
}

/// Something that happens on a loop at a time. Made and cancelled on the loop only.
public final class LoopTimer {
  /// When, in nanoseconds of the loop's clock.
  public let deadline: Int64
  fileprivate let action: () -> Void
  /// Where it is in the heap; -1 when it is not: it has fired or was cancelled.
  fileprivate var position = -1

  fileprivate init(_ deadline: Int64, _ action: @escaping () -> Void) {
    self.deadline = deadline
    self.action = action
  }

  /// Whether it is still to come.
  public var isPending: Bool { position >= 0 }
}

/// The timers of a loop: a binary heap, the nearest on top. Adding, cancelling and firing take O(log n).
struct TimerHeap: ~Copyable {
  private var heap: [LoopTimer] = []

  /// When the nearest is due; nil if there is none.
  var nearest: Int64? { heap.first?.deadline }

  mutating func add(at deadline: Int64, _ action: @escaping () -> Void) -> LoopTimer {
    let timer = LoopTimer(deadline, action)
    timer.position = heap.count
    heap.append(timer)
    rise(timer.position)
    return timer
  }

  mutating func cancel(_ timer: LoopTimer) {
    let position = timer.position
    guard position >= 0 else { return }
    timer.position = -1
    let last = heap.removeLast()
    guard position < heap.count else { return }
    heap[position] = last
    last.position = position
    rise(position)
    sink(last.position)
  }

  /// Takes the nearest timer out if it is due, and gives its action.
  mutating func takeDue(_ now: Int64) -> (() -> Void)? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    cancel(first)
    return first.action
  }

  mutating func removeAll() {
    for timer in heap { timer.position = -1 }
    heap.removeAll()
  }

  private mutating func rise(_ start: Int) {
    var position = start
    while position > 0 {
      let parent = (position - 1) / 2
      guard heap[position].deadline < heap[parent].deadline else { return }
      exchange(position, parent)
      position = parent
    }
  }

  private mutating func sink(_ start: Int) {
    var position = start
    while true {
      var least = position
      for child in [2 * position + 1, 2 * position + 2] where child < heap.count {
        if heap[child].deadline < heap[least].deadline { least = child }
      }
      guard least != position else { return }
      exchange(position, least)
      position = least
    }
  }

  private mutating func exchange(_ a: Int, _ b: Int) {
    heap.swapAt(a, b)
    heap[a].position = a
    heap[b].position = b
  }
}

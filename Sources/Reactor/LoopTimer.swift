/// Something that happens on a loop at a time. Made and cancelled on the loop only.
public final class LoopTimer {
  /// When, in nanoseconds of the loop's clock.
  public let deadline: Int64
  /// Gone when it has fired or was cancelled, with all that it held on to.
  fileprivate var action: (() -> Void)?
  /// Of two for the same moment, the one that was added first comes first.
  fileprivate let order: UInt64
  /// Where it is in the heap; -1 when it is not: it has fired or was cancelled.
  fileprivate var position = -1

  fileprivate init(_ deadline: Int64, _ order: UInt64, _ action: @escaping () -> Void) {
    self.deadline = deadline
    self.order = order
    self.action = action
  }

  /// Whether it is still to come.
  public var isPending: Bool { position >= 0 }

  fileprivate func comes(before other: LoopTimer) -> Bool {
    (deadline, order) < (other.deadline, other.order)
  }
}

/// The timers of a loop: a binary heap, the nearest on top. Adding, cancelling and firing take O(log n).
struct TimerHeap: ~Copyable {
  private var heap: [LoopTimer] = []
  /// How many were ever added.
  private(set) var added: UInt64 = 0

  /// When the nearest is due; nil if there is none.
  var nearest: Int64? { heap.first?.deadline }

  mutating func add(at deadline: Int64, _ action: @escaping () -> Void) -> LoopTimer {
    let timer = LoopTimer(deadline, added, action)
    added += 1
    timer.position = heap.count
    heap.append(timer)
    rise(timer.position)
    return timer
  }

  /// Takes `timer` out if it is there, and gives its action: what that holds on to may cancel timers when it goes.
  mutating func take(_ timer: LoopTimer) -> (() -> Void)? {
    let position = timer.position
    guard position >= 0 else { return nil }
    timer.position = -1
    let last = heap.removeLast()
    if position < heap.count {
      heap[position] = last
      last.position = position
      rise(position)
      sink(last.position)
    }
    return timer.action.take()
  }

  /// Takes the nearest timer out if it is due at `now` and among the first `limit` that were ever added, and gives its action.
  mutating func takeDue(_ now: Int64, among limit: UInt64) -> (() -> Void)? {
    guard let first = heap.first, first.deadline <= now, first.order < limit else { return nil }
    return take(first)
  }

  /// Takes all out, and gives them.
  mutating func takeAll() -> [LoopTimer] {
    for timer in heap { timer.position = -1 }
    let all = heap
    heap = []
    return all
  }

  private mutating func rise(_ start: Int) {
    var position = start
    while position > 0 {
      let parent = (position - 1) / 2
      guard heap[position].comes(before: heap[parent]) else { return }
      exchange(position, parent)
      position = parent
    }
  }

  private mutating func sink(_ start: Int) {
    var position = start
    while true {
      var least = position
      for child in [2 * position + 1, 2 * position + 2] where child < heap.count {
        if heap[child].comes(before: heap[least]) { least = child }
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

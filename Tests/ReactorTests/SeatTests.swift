import Platform
import Reactor
import Support
import Testing

/// Who runs a loop: its thread, and guests.
@Suite(.serialized) struct SeatTests {
  private static let kinds: [Poller.Kind] = [.best, .poll]

  /// Sits down on the loop as soon as its thread makes room, as a thread does that waits for what the loop brings.
  private func visit(_ loop: EventLoop, until isDone: () -> Bool) -> Bool {
    eventually {
      if isDone() { return true }
      guard loop.borrow() else {
        // Someone who waits and is given something gets the seat.
        loop.beginWaiting()
        loop.submit { loop.lend() }
        loop.endWaiting()
        return false
      }
      loop.run(until: .after(nanoseconds: 20_000_000_000), unless: isDone)
      loop.giveBack()
      return isDone()
    }
  }

  @Test(arguments: kinds) func aGuestRunsTheLoopUntilItHasWhatItCameFor(kind: Poller.Kind) throws {
    let loop = try EventLoop(try SystemNetwork(kind))
    // Without a thread nobody else would.
    let done = Atomic32()
    loop.submit { done.add() }
    #expect(loop.borrow())
    #expect(!loop.borrow())
    loop.run(until: .never) { done.value == 1 }
    loop.giveBack()
    #expect(loop.borrow())
    loop.run(until: .after(nanoseconds: 1_000_000)) { false }
    loop.giveBack()
  }

  @Test(arguments: kinds) func theThreadTakesOverWhenTheGuestStaysAway(kind: Poller.Kind) throws {
    let loop = try EventLoop(try SystemNetwork(kind))
    try loop.startThread()
    for _ in 0..<50 {
      let (first, second) = (Atomic32(), Atomic32())
      loop.submit { loop.lend() }
      loop.submit { first.add() }
      #expect(visit(loop) { first.value == 1 })
      // Nobody comes back: the thread does it, without being told again.
      loop.submit { second.add() }
      #expect(eventually { second.value == 1 })
    }
    loop.stopThread()
  }

  @Test(arguments: kinds) func aTimerFiresAlthoughTheGuestStaysAway(kind: Poller.Kind) throws {
    let loop = try EventLoop(try SystemNetwork(kind))
    try loop.startThread()
    let fired = Atomic32()
    for round in 1...20 as ClosedRange<UInt32> {
      let set = Atomic32()
      loop.submit {
        _ = loop.schedule(after: 100_000) { fired.add() }
        set.add()
        loop.lend()
      }
      #expect(visit(loop) { set.value == 1 })
      #expect(eventually { fired.value == round })
    }
    loop.stopThread()
  }

  @Test(arguments: kinds) func noSubmissionIsLostWhileGuestsComeAndGo(kind: Poller.Kind) throws {
    let loop = try EventLoop(try SystemNetwork(kind))
    try loop.startThread()
    let (performed, visits, isOver) = (Atomic32(), Atomic32(), Atomic32())
    var threads: [Joined] = []
    for _ in 0..<4 {
      threads.append(
        try Joined {
          for step in 0..<2500 {
            loop.submit { performed.add() }
            // Now and then it waits for the loop to be done, so that wake-ups count.
            if step % 50 == 0 {
              let done = Atomic32()
              loop.submit {
                done.add()
                loop.lend()
              }
              #expect(eventually { done.value == 1 })
            }
          }
        })
    }
    for number in 0..<2 {
      threads.append(
        try Joined {
          while isOver.value == 0 {
            guard loop.borrow() else {
              Thread.yield()
              continue
            }
            visits.add()
            var turns = 0
            // One guest sits for a moment, the other until it was woken a few times, which takes its ticks to the full.
            loop.run(until: .after(nanoseconds: number == 0 ? 50_000 : 2_000_000)) {
              turns += 1
              return turns > 5
            }
            loop.giveBack()
          }
        })
    }
    for thread in threads.prefix(4) { thread.join() }
    #expect(eventually { performed.value == 10_000 })
    isOver.add()
    for thread in threads { thread.join() }
    #expect(visits.value > 0)
    loop.stopThread()
  }

  @Test(arguments: kinds) func stoppingEndsAGuestThatSits(kind: Poller.Kind) throws {
    for _ in 0..<20 {
      let loop = try EventLoop(try SystemNetwork(kind))
      try loop.startThread()
      let (sits, left) = (Atomic32(), Atomic32())
      let guest = try Joined {
        while true {
          if loop.borrow() { break }
          loop.submit { loop.lend() }
          Thread.yield()
        }
        sits.add()
        loop.run(until: .never) { false }
        loop.giveBack()
        left.add()
      }
      #expect(eventually { sits.value == 1 })
      let performed = Atomic32()
      loop.submit { performed.add() }
      loop.stopThread()
      #expect(eventually { left.value == 1 })
      guest.join()
      #expect(performed.value == 1)
      #expect(!loop.borrow())
    }
  }

  @Test(arguments: kinds) func aWaitingThreadIsServedAtOnceByTheThread(kind: Poller.Kind) throws {
    let loop = try EventLoop(try SystemNetwork(kind))
    try loop.startThread()
    // Two wait, so the thread keeps the seat.
    loop.beginWaiting()
    loop.beginWaiting()
    for _ in 0..<100 {
      let done = Atomic32()
      loop.submit {
        loop.lend()
        done.add()
      }
      #expect(eventually { done.value == 1 })
      #expect(!loop.borrow())
    }
    loop.endWaiting()
    loop.endWaiting()
    loop.stopThread()
  }
}

internal import Platform

/// How a writer waits for the lock of a pool that other writers want too.
///
/// Appends are shorter than it takes the system to put a thread to sleep and wake it, so a writer first waits awake. How long,
/// follows what it met before. Where locks seldom collide it stands by and goes in as soon as the busy word clears. Where
/// every append collides, taking turns message by message costs more than it brings: each turn moves the header and the end
/// of the ring from one processor to the other. There it steps back for many messages' time, and lets the other work at full
/// speed. Only after that does it sleep in the system's queue.
struct LockBackOff {
  /// How often the lock was taken when it was wanted, of 256, lately.
  private var contention = 0
  /// A number that differs between writers, so that they do not step back in step.
  private var chance = UInt64(truncatingIfNeeded: Clock.monotonic()) | 1

  private static let standBys = 24
  private static let stepsBack = 8
  private static let sleeps = 8

  /// Calls `attempt` until it succeeds or it is time to sleep in the system's queue: then returns false.
  @inline(__always)
  mutating func take(_ base: UnsafeMutableRawPointer, _ attempt: () -> Bool) -> Bool {
    if attempt() {
      contention -= contention >> 3
      return true
    }
    return takeContended(base, attempt)
  }

  @inline(never)
  private mutating func takeContended(_ base: UnsafeMutableRawPointer, _ attempt: () -> Bool) -> Bool {
    contention += (256 - contention) >> 3
    if contention < 208 {
      for _ in 0..<Self.standBys {
        var pauses = 0
        while base.relaxedHalfWord(at: Layout.Header.busy) != 0, pauses < 64 {
          Processor.pause()
          pauses += 1
        }
        // The word clears a moment before the lock is given back.
        for _ in 0..<4 { Processor.pause() }
        if attempt() { return true }
      }
    }
    for _ in 0..<Self.stepsBack {
      stepBack()
      if attempt() { return true }
    }
    for round in 0..<Self.sleeps {
      Clock.sleep(until: .after(nanoseconds: 50_000 << Int64(round / 2)))
      if attempt() { return true }
    }
    return false
  }

  /// Between 40 and 120 microseconds.
  private mutating func stepBack() {
    chance ^= chance << 13
    chance ^= chance >> 7
    chance ^= chance << 17
    let end = Deadline.after(nanoseconds: 40_000 + Int64(chance % 80_000))
    while !end.hasPassed { Processor.pause() }
  }
}

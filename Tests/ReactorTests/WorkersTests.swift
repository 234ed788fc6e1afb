import Platform
import Reactor
import Support
import Synchronization
import Testing

struct WorkersTests {
  /// Holds jobs until it is opened.
  private final class Gate: Sendable {
    private let isOpen = Atomic<Bool>(false)
    let arrived = Atomic32()

    func pass() {
      arrived.add()
      _ = eventually { isOpen.load(ordering: .acquiring) }
    }

    func open() { isOpen.store(true, ordering: .releasing) }
  }

  private final class Order: Sendable {
    private let numbers = Mutex<[Int]>([])
    func add(_ number: Int) { numbers.withLock { $0.append(number) } }
    var all: [Int] { numbers.withLock { $0 } }
  }

  @Test func refusesMoreThanMayWaitAndRunsTheRestInOrder() throws {
    let workers = try Workers(threads: 1, limit: 2)
    let (gate, order) = (Gate(), Order())
    #expect(workers.submit { _ in gate.pass() })
    workers.wake()
    #expect(eventually { gate.arrived.value == 1 })
    #expect(workers.submit { _ in order.add(1) })
    #expect(workers.submit { _ in order.add(2) })
    #expect(!workers.submit { _ in order.add(3) })
    #expect(workers.submit(ignoringLimit: true) { _ in order.add(4) })
    gate.open()
    #expect(eventually { order.all == [1, 2, 4] })
    #expect(workers.submit { _ in order.add(5) })
    workers.stop()
    #expect(order.all == [1, 2, 4, 5])
    #expect(!workers.submit { _ in order.add(6) })
  }

  @Test func aJobThatBlocksLetsAnotherThreadGoOn() throws {
    let workers = try Workers(threads: 2, limit: 10)
    let (gate, order) = (Gate(), Order())
    #expect(
      workers.submit { _ in
        workers.wake()
        gate.pass()
      })
    #expect(workers.submit { _ in order.add(1) })
    workers.wake()
    #expect(eventually { order.all == [1] })
    gate.open()
    workers.stop()
  }

  @Test func everyJobOfManyThreadsRunsOnce() throws {
    let workers = try Workers(threads: 4, limit: 100_000)
    let done = Atomic32()
    let senders = try (0..<4).map { _ in
      ThreadBox(
        try Thread {
          for _ in 0..<2000 {
            _ = workers.submit { _ in done.add() }
            workers.wake()
          }
        })
    }
    #expect(eventually { done.value == 8000 })
    withExtendedLifetime(senders) {}
    workers.stop()
  }

  private final class ThreadBox {
    let thread: Thread
    init(_ thread: consuming Thread) { self.thread = thread }
  }
}

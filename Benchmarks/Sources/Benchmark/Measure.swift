import CAllocations
import Platform

/// How many runs each median is taken of.
let runs = 5

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
}

func percentile(_ values: [Double], _ share: Double) -> Double {
  let sorted = values.sorted()
  return sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}

/// Nanoseconds that `body`, which does `count` operations, takes for one.
func nanoseconds(for count: Int, _ body: () throws -> Void) rethrows -> Double {
  let start = Clock.monotonic()
  try body()
  return Double(Clock.monotonic() - start) / Double(count)
}

/// Heap allocations for one of the `count` operations that `body` does.
func allocations(for count: Int, _ body: () throws -> Void) rethrows -> Double {
  let start = allocation_count()
  try body()
  return Double(allocation_count() - start) / Double(count)
}

/// Times two things in turn, so that both see the same machine, and returns the medians and the median ratio.
///
/// - Returns: Nanoseconds of `ours` and of `peer`, and how many times faster ours is.
func sideBySide(
  ours: () throws -> Double, peer: () throws -> Double
) rethrows -> (ours: Double, peer: Double, ratio: Double) {
  var pairs: [(Double, Double)] = []
  _ = try ours()
  for _ in 0..<runs { pairs.append((try ours(), try peer())) }
  return (median(pairs.map { $0.0 }), median(pairs.map { $0.1 }), median(pairs.map { $0.1 / $0.0 }))
}

/// A folder for the files of one run, on the disk (not in memory), removed at the end.
final class Workspace {
  let path: String

  init() throws {
    path = Paths.join(try Paths.temporaryDirectory(), "weir-benchmark-\(Process.id)")
    try Paths.makeDirectories(path, privately: true)
  }

  deinit {
    for name in (try? Paths.list(path)) ?? [] { try? Paths.remove(Paths.join(path, name)) }
    try? Paths.removeDirectory(path)
  }

  func file(_ name: String) -> String { Paths.join(path, name) }
}

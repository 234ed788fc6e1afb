import Platform
import Support
import Testing

@testable import Pools

/// A file system of its own, small enough to fill. Making one takes the rights of an administrator on Linux.
private final class SmallDisk {
  private let directory: TemporaryDirectory
  var path: String { directory.path }

  /// nil where this user may not mount anything.
  init?(kibibytes: Int) throws {
    directory = try TemporaryDirectory()
    guard try Self.run("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", directory.path) else { return nil }
  }

  deinit { _ = try? Self.run("umount", directory.path) }

  /// Nothing on it can be changed any more.
  func makeReadOnly() throws -> Bool { try Self.run("mount", "-o", "remount,ro", path) }

  func fill() throws {
    let file = try File(Paths.join(path, "ballast"), [.write, .create])
    let block = [UInt8](repeating: 1, count: 4096)
    while (try? file.write(block)) != nil {}
  }

  private static func run(_ arguments: String...) throws -> Bool {
    let child = try ChildProcess(arguments, input: .null, output: .null, error: .null)
    return try child.wait(until: .after(nanoseconds: 30_000_000_000)) == .exited(0)
  }

  static var canBeMade: Bool { (try? SmallDisk(kibibytes: 64)) != nil }
}

@Suite(.enabled(if: SmallDisk.canBeMade, "this user may not mount a file system"))
struct DiskTests {
  @Test func aPoolThatDoesNotFitIsNotLeftBehind() throws {
    let disk = try #require(try SmallDisk(kibibytes: 512))
    let error = failure { _ = try Pool.create(at: Paths.join(disk.path, "p.plasmite"), size: 1 << 20) }
    #expect(error?.kind == .io)
    #expect(error?.message == "failed to create pool")
    #expect(error?.hint?.contains("full") == true)
    #expect(try Paths.list(disk.path).isEmpty)
  }

  @Test func aPoolTakesItsSpaceWhenItIsMadeSoThatAFullDiskStopsNoAppend() throws {
    let disk = try #require(try SmallDisk(kibibytes: 512))
    let pool = try Pool.create(at: Paths.join(disk.path, "p.plasmite"), size: 200_000)
    try disk.fill()
    for number in 1...1000 as ClosedRange<UInt64> { try pool.append(bytes: payload(number, bytes: 700)) }
    #expect(try pool.validate().isHealthy)
  }

  /// Other implementations make sparse files: a store into a hole of a full disk would end the process.
  @Test func aSparsePoolOnAFullDiskCanBeReadAndRefusesAppends() throws {
    let disk = try #require(try SmallDisk(kibibytes: 512))
    let path = Paths.join(disk.path, "p.plasmite")
    let geometry = try PoolGeometry(fileSize: 400_000)
    do {
      let file = try File(path, [.read, .write, .create])
      try file.setSize(400_000)
      try file.write(PoolHeader.new(geometry), at: 0)
    }
    try disk.fill()
    let before = try contents(path)
    let pool = try Pool.open(at: path)
    #expect(try pool.bounds() == nil)
    let error = failure { try pool.append(bytes: payload(1, bytes: 700)) }
    #expect(error?.kind == .io && error?.hint?.contains("full") == true)
    #expect(try contents(path) == before)
  }

  @Test func aReadOnlyFileSystemIsAMatterOfPermission() throws {
    let disk = try #require(try SmallDisk(kibibytes: 512))
    let path = Paths.join(disk.path, "p.plasmite")
    try Pool.create(at: path, size: 100_000).append(bytes: payload(1, bytes: 10))
    try #require(try disk.makeReadOnly())
    for error in [
      failure { _ = try Pool.open(at: path) }, failure { _ = try Pool.create(at: Paths.join(disk.path, "q.plasmite")) },
      failure { try Pool.delete(at: path) },
    ] {
      #expect(error?.kind == .permission)
      #expect(error?.hint != nil)
    }
  }
}

import Platform
import Support
import Testing

@testable import Pools

struct DirectoryTests {
  @Test(arguments: [
    ("a", "/d/a.plasmite"), ("a.plasmite", "/d/a.plasmite"), ("./a", "./a"), ("/x/y", "/x/y"),
    ("a.b", "/d/a.b.plasmite"),
    ("é", "/d/é.plasmite"),
  ])
  func resolvesReferences(reference: String, path: String) throws {
    #expect(try PoolDirectory.resolve(reference, in: "/d") == path)
  }

  @Test(arguments: ["", "a\0b", "C:x"])
  func refusesNamesThatAreNone(reference: String) {
    #expect(failure { _ = try PoolDirectory.resolve(reference, in: "/d") }?.kind == .usage)
  }

  @Test(arguments: ["../x", "..\\x", "/etc/x", "a/b"])
  func refusesPathsWhereANameIsNeeded(name: String) {
    #expect(
      failure { try PoolDirectory.requireName(name) }?.message == "pool name must not contain path separators")
  }

  @Test func listsPoolsByNameWithThoseThatCannotBeOpened() throws {
    let directory = try TemporaryDirectory()
    _ = try Pool.create(at: directory.file("b.plasmite")).append(bytes: payload(1, bytes: 8))
    _ = try Pool.create(at: directory.file("a.plasmite"), size: 8192)
    try write([1, 2, 3], to: directory.file("bad.plasmite"))
    try write([1, 2, 3], to: directory.file("notes.txt"))
    let listings = try PoolDirectory.list(directory.path)
    #expect(listings.map(\.name) == ["a", "b", "bad"])
    #expect(try listings[0].summary.get().fileSize == 8192)
    #expect(try listings[1].summary.get().bounds == 1...1)
    #expect(failure { _ = try listings[2].summary.get() }?.kind == .corrupt)
    #expect(try PoolDirectory.list(directory.file("missing")).isEmpty)
  }

  @Test func namesTheSemaphoreOfUpstreamReaders() {
    #expect(
      UpstreamSemaphore.name(canonical: "/var/pools/chat.plasmite")
        == "plsm-b7af6015166c6c6965c21685695b36b470248db843a18206cef8504b34d8033c")
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func computesSHA256(text: String, digest: String) {
    let hex = SHA256.digest(Array(text.utf8)).map { (UInt16($0) + 256) }
      .map { String($0, radix: 16).dropFirst() }.joined()
    #expect(hex == digest)
  }

  /// A reader of the other implementation polls the semaphore: it finds one token however many were appended.
  @Test func postsTheSemaphoreOfUpstreamReadersOnce() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"))
    let semaphore = try NamedSemaphore(UpstreamSemaphore.name(pool.path), creating: true)
    var taken = [semaphore.tryTake()]
    for number in 1...5 as ClosedRange<UInt64> { try pool.append(bytes: payload(number, bytes: 8)) }
    taken += [semaphore.tryTake(), semaphore.tryTake()]
    try pool.append(bytes: payload(6, bytes: 8))
    taken.append(semaphore.tryTake())
    #expect(taken == [false, true, false, true])
  }
}

import Testing

@testable import Arguments

struct ValueTests {
  private func outcome<Value>(_ body: () throws(ValueError) -> Value) -> Result<Value, ValueError> {
    do throws(ValueError) { return .success(try body()) } catch { return .failure(error) }
  }

  @Test(arguments: [
    ("0", 0), ("1", 1), ("4096", 4096), ("1K", 1024), ("1k", 1024), ("3M", 3 << 20), ("2g", 2 << 30),
    ("18446744073709551615", UInt64.max), ("0G", 0),
  ])
  func sizes(text: String, bytes: UInt64) throws {
    #expect(try ByteSize.parse(text) == bytes)
  }

  @Test(arguments: [
    ("", "invalid size"), ("K", "invalid size"), ("-1", "invalid size"), ("+1", "invalid size"),
    ("1.5M", "invalid size"),
    ("x", "invalid size"), (" 1", "invalid size"), ("1 ", "invalid size suffix"), ("1T", "invalid size suffix"),
    ("1KB", "invalid size suffix"), ("1KiB", "invalid size suffix"), ("18446744073709551616", "size overflow"),
    ("17179869184G", "size overflow"), ("１", "invalid size"),
  ])
  func refusedSizes(text: String, message: String) {
    guard case .failure(let error) = outcome({ () throws(ValueError) in try ByteSize.parse(text) }) else {
      Issue.record("\(text) was accepted")
      return
    }
    #expect(error.message == message)
    #expect(error.hint == ByteSize.hint)
  }

  @Test(
    arguments: [
      ("0s", 0), ("250ms", 250_000_000), ("5s", 5_000_000_000), ("2m", 120_000_000_000), ("1h", 3_600_000_000_000),
    ] as [(String, UInt64)])
  func durations(text: String, nanoseconds: UInt64) throws {
    #expect(try Span.parse(text) == nanoseconds)
  }

  @Test(arguments: ["", "5", "s", "5S", "5d", "-5s", "1.5s", "5 s", "99999999999h", "99999999999999999999s", "5sm"])
  func refusedDurations(text: String) {
    guard case .failure(let error) = outcome({ () throws(ValueError) in try Span.parse(text) }) else {
      Issue.record("\(text) was accepted")
      return
    }
    #expect(error.message == "invalid duration")
  }

  @Test(arguments: [("0", 0), ("18446744073709551615", UInt64.max), ("007", 7)] as [(String, UInt64)])
  func wholeNumbers(text: String, number: UInt64) throws {
    #expect(try Number.parse(text, for: Sample.tail) == number)
  }

  @Test(arguments: ["", "-1", "+1", "1.0", "x", "18446744073709551616", "0x10", "１"])
  func refusedNumbers(text: String) {
    guard case .failure(let error) = outcome({ () throws(ValueError) in try Number.parse(text, for: Sample.tail) })
    else {
      Issue.record("\(text) was accepted")
      return
    }
    #expect(error.message == "invalid value '\(text)' for '--tail <TAIL>'")
  }
}

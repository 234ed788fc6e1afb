import Testing

@testable import CommandSupport
@testable import PoolCommands

struct HumanFormatTests {
  @Test(
    arguments: [
      (0, "0"), (1023, "1023"), (1024, "1K"), (1536, "1.5K"), (1 << 20, "1M"), ((1 << 20) + 1, "1.0M"),
      (1_572_864, "1.5M"),
      ((1 << 30) - 1, "1024.0M"), (5 << 30, "5G"), (6000, "5.9K"), (UInt64.max, "17179869184.0G"),
    ] as [(UInt64, String)])
  func sizes(bytes: UInt64, text: String) {
    #expect(HumanFormat.size(bytes) == text)
  }

  @Test(
    arguments: [
      (nil, "-"), (0, "1s ago"), (999, "1s ago"), (59_999, "59s ago"), (60_000, "1m ago"), (3_599_999, "59m ago"),
      (3_600_000, "1h ago"), (86_399_999, "23h ago"), (86_400_000, "1d ago"), (604_799_999, "6d ago"),
      (604_800_000, "1w ago"), (6_048_000_000, "10w ago"),
    ] as [(UInt64?, String)])
  func ages(milliseconds: UInt64?, text: String) {
    #expect(HumanFormat.age(milliseconds: milliseconds) == text)
  }

  @Test(arguments: [(0, "0.00"), (5, "0.05"), (16, "0.16"), (10_000, "100.00"), (1234, "12.34")] as [(UInt64, String)])
  func percents(hundredths: UInt64, text: String) {
    #expect(HumanFormat.percent(hundredths: hundredths) == text)
  }

  @Test func tablesAlignAndStayOneLineARow() {
    var table = Table(["NAME", "X"])
    table.add(["a\nb\r\u{1B}[31m", "1"])
    table.add(["é", "long"])
    #expect(table.text == "NAME         X   \na\\nb\\r?[31m  1   \né            long\n")
  }
}

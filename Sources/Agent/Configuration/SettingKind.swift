internal import Arguments
internal import Documents
internal import Gateway

/// Why a value of a setting is refused.
enum SettingRefusal: Error {
  /// The file has something else there.
  case otherType
  /// What is wrong with it, behind the setting's name: `must be at least 1`.
  case words(String)
}

/// What values of a setting are like: how they are read from a file and from a variable, and how they are written down again.
struct SettingKind<Value: Sendable>: Sendable {
  typealias Refusal = SettingRefusal

  /// For messages: `a whole number from 1 to 22`.
  let expected: String
  /// Stands for a value that is missing, until that is reported.
  let placeholder: Value
  let fromFile: @Sendable (TOMLValue) throws(Refusal) -> Value
  let fromText: @Sendable (String) throws(Refusal) -> Value
  /// As TOML.
  let written: @Sendable (Value) -> String

  init(
    _ expected: String, placeholder: Value, fromFile: @escaping @Sendable (TOMLValue) throws(Refusal) -> Value,
    fromText: @escaping @Sendable (String) throws(Refusal) -> Value, written: @escaping @Sendable (Value) -> String
  ) {
    self.expected = expected
    self.placeholder = placeholder
    self.fromFile = fromFile
    self.fromText = fromText
    self.written = written
  }
}

extension SettingKind where Value == String {
  /// Text of at least one byte.
  static var text: Self { text("a string that is not empty") { text in !text.utf8.isEmpty } }

  /// A string that `accepts` says yes to.
  static func text(_ expected: String, _ accepts: @escaping @Sendable (String) -> Bool) -> Self {
    checked(expected) { (text) throws(Refusal) in
      // Text with a zero byte would be cut short by the system.
      guard accepts(text), !text.utf8.contains(0) else { throw .words("must be \(expected)") }
    }
  }

  /// What an `Authorization` header can carry.
  static var token: Self {
    checked("a string of printable characters") { (text) throws(Refusal) in
      do throws(Failure) { try AccessToken.check(text) } catch { throw .words("cannot be: \(error.message)") }
    }
  }

  private static func checked(
    _ expected: String, _ check: @escaping @Sendable (String) throws(Refusal) -> Void
  ) -> Self {
    let read: @Sendable (String) throws(Refusal) -> String = { (text) throws(Refusal) in
      try check(text)
      return text
    }
    return SettingKind(
      expected, placeholder: "",
      fromFile: { (value) throws(Refusal) in
        guard case .string(let text) = value.content else { throw .otherType }
        return try read(text)
      }, fromText: read, written: TOMLText.string)
  }
}

extension SettingKind where Value == Bool {
  static var flag: Self {
    SettingKind(
      "true or false", placeholder: false,
      fromFile: { (value) throws(Refusal) in
        guard case .boolean(let flag) = value.content else { throw .otherType }
        return flag
      },
      fromText: { (text) throws(Refusal) in
        switch Array(text.utf8) {
        case Array("true".utf8): return true
        case Array("false".utf8): return false
        default: throw .words("must be true or false")
        }
      }, written: { $0 ? "true" : "false" })
  }
}

extension SettingKind where Value == Int {
  /// A whole number in a range.
  static func whole(_ range: ClosedRange<Int>) -> Self {
    let expected =
      range.upperBound == .max
      ? "a whole number of at least \(range.lowerBound)"
      : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    let check: @Sendable (Int?) throws(Refusal) -> Int = { (number) throws(Refusal) in
      guard let number, range.contains(number) else { throw .words("must be \(expected)") }
      return number
    }
    return SettingKind(
      expected, placeholder: range.lowerBound,
      fromFile: { (value) throws(Refusal) in
        guard case .integer(let number) = value.content else { throw .otherType }
        return try check(Int(exactly: number))
      }, fromText: { (text) throws(Refusal) in try check(Int(text)) }, written: { "\($0)" })
  }

  /// At least 1.
  static var count: Self { whole(1...Int.max) }
  /// Seconds, or whatever unit the setting names, from 0 on.
  static var time: Self { whole(0...Int.max) }
  static var percent: Self { whole(0...100) }
}

extension SettingKind where Value == Double {
  /// A number from 0 to 1.
  static var share: Self {
    let expected = "a number from 0 to 1"
    let check: @Sendable (Double?) throws(Refusal) -> Double = { (number) throws(Refusal) in
      guard let number, number >= 0, number <= 1 else { throw .words("must be \(expected)") }
      return number
    }
    return SettingKind(
      expected, placeholder: 0,
      fromFile: { (value) throws(Refusal) in
        switch value.content {
        case .float(let number): return try check(number)
        case .integer(let number): return try check(Double(number))
        default: throw .otherType
        }
      }, fromText: { (text) throws(Refusal) in try check(Double(text)) }, written: { "\($0)" })
  }
}

extension SettingKind where Value == UInt64 {
  /// A size: a number of bytes, or a string such as `8M`.
  static var bytes: Self {
    let read: @Sendable (String) throws(Refusal) -> UInt64 = { (text) throws(Refusal) in
      do throws(ValueError) {
        return try ByteSize.parse(text)
      } catch {
        throw .words("cannot be: \(error.message). \(error.hint)")
      }
    }
    return SettingKind(
      "a number of bytes, or a string such as \"8M\"", placeholder: 0,
      fromFile: { (value) throws(Refusal) in
        switch value.content {
        case .integer(let number):
          guard let size = UInt64(exactly: number) else { throw .words("must not be negative") }
          return size
        case .string(let text): return try read(text)
        default: throw .otherType
        }
      }, fromText: read, written: { "\($0)" })
  }
}

extension SettingKind where Value == BindAddress {
  /// An IP address and a port.
  static var address: Self {
    let read: @Sendable (String) throws(Refusal) -> BindAddress = { (text) throws(Refusal) in
      do throws(Failure) {
        return try BindAddress(parsing: text)
      } catch {
        throw .words("must be an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080")
      }
    }
    return SettingKind(
      "an IP address and a port", placeholder: .standard,
      fromFile: { (value) throws(Refusal) in
        guard case .string(let text) = value.content else { throw .otherType }
        return try read(text)
      }, fromText: read, written: { TOMLText.string($0.text) })
  }
}

extension SettingKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the names of an enumeration.
  static func choice(_ fallback: Value) -> Self {
    let names = Value.allCases.map { $0.rawValue }
    let read: @Sendable (String) throws(Refusal) -> Value = { (text) throws(Refusal) in
      guard let value = Value.allCases.first(where: { $0.rawValue.hasSameBytes(as: text) }) else {
        let guess = Suggestion.closest(to: text, among: names).map { "; did you mean `\($0)`?" } ?? ""
        throw .words("must be one of \(names.joinedText(", "))\(guess)")
      }
      return value
    }
    return SettingKind(
      "one of \(names.joinedText(", "))", placeholder: fallback,
      fromFile: { (value) throws(Refusal) in
        guard case .string(let text) = value.content else { throw .otherType }
        return try read(text)
      }, fromText: read, written: { TOMLText.string($0.rawValue) })
  }
}

extension SettingKind {
  /// One value, or a list of them. A variable holds one value, or a TOML array.
  static func list<Element>(of kind: SettingKind<Element>, atLeast least: Int = 0) -> Self where Value == [Element] {
    let readAll: @Sendable ([TOMLValue]) throws(Refusal) -> [Element] = { (values) throws(Refusal) in
      guard values.count >= least else { throw .words("must have at least \(least) of them") }
      var elements: [Element] = []
      for value in values { elements.append(try kind.element(value)) }
      return elements
    }
    return SettingKind(
      "\(kind.expected), or a list of such", placeholder: [],
      fromFile: { (value) throws(Refusal) in
        if case .array(let values) = value.content { return try readAll(values) }
        return [try kind.fromFile(value)]
      },
      fromText: { (text) throws(Refusal) in
        guard text.utf8.first == UInt8(ascii: "[") else { return [try kind.fromText(text)] }
        guard let values = TOML.array(text) else { throw .words("is no TOML array") }
        return try readAll(values)
      },
      written: { elements in "[" + elements.map(kind.written).joinedText(", ") + "]" })
  }

  private func element(_ value: TOMLValue) throws(Refusal) -> Value {
    do throws(Refusal) {
      return try fromFile(value)
    } catch {
      if case .otherType = error { throw .words("has \(value.kindName) in it") }
      throw error
    }
  }
}

extension TOML {
  /// The elements of an array that stands alone; nil if the text is something else.
  fileprivate static func array(_ text: String) -> [TOMLValue]? {
    guard let document = try? parse(Array("list = \(text)".utf8)), case .table(let members) = document.content,
      members.count == 1, case .array(let values) = members[0].value.content
    else { return nil }
    return values
  }
}

/// Pieces of TOML.
enum TOMLText {
  /// A basic string. JSON's escapes are TOML's, but that TOML also escapes the character 7F.
  static func string(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in jsonString(text).utf8 {
      if byte == 0x7F { bytes += Array("\\u007F".utf8) } else { bytes.append(byte) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A key, in quotes where it needs them.
  static func key(_ name: String) -> String {
    let isBare =
      !name.utf8.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
    return isBare ? name : string(name)
  }
}

import Lite3

/// What is appended: the same on every run.
enum Samples {
  /// A record as services write them: 1 KiB of JSON text, 22 members, strings and numbers, one object inside.
  static let record: [UInt8] = {
    let text = """
      {"id":184467440737,"kind":"order.created","source":"checkout-7","host":"node-19.example","level":"info","ok":true,\
      "retries":0,"amount":1299.95,"currency":"EUR","customer":{"id":99120345,"name":"Ada Example","tier":"gold"},\
      "items":3,"weight":12.75,"coupon":null,"country":"DE","city":"Köln","lat":50.9375,"lon":6.9603,\
      "trace":"4bf92f3577b34da6a3ce929d0e0e4736","span":"00f067aa0ba902b7","agent":"Mozilla/5.0 (X11; Linux x86_64)",\
      "path":"/api/v2/orders/184467440737/confirm","note":"
      """
    let closing = "\"}"
    var words = Array("deliver in the afternoon, ring twice, leave it with the neighbour when nobody answers; ".utf8)
    words = Array((0..<12).map { _ in words }.joined())
    return Array(text.utf8) + words.prefix(1024 - text.utf8.count - closing.utf8.count) + Array(closing.utf8)
  }()

  /// 1 KiB of JSON text that is an array of small records.
  static let table: [UInt8] = {
    var text = "{\"rows\":["
    var index = 0
    while text.utf8.count < 980 {
      if index > 0 { text += "," }
      text += "{\"id\":\(1000 + index),\"name\":\"sensor\(index)\",\"value\":\(Double(index) * 1.25)}"
      index += 1
    }
    text += "]"
    while text.utf8.count < 1023 { text += " " }
    return Array((text + "}").utf8)
  }()

  /// 64 bytes of JSON text.
  static let small = Array(#"{"id":123456,"name":"sensor-17","value":21.75,"unit":"celsius"} "#.utf8)

}

extension Samples {
  /// A message with this data and no tags, encoded.
  static func encode(_ json: [UInt8]) throws -> [UInt8] {
    var encoder = Lite3Encoder()
    try encoder.encodeMessage(data: json.span.bytes, tags: [])
    return encoder.withUnsafeBytes { Array($0) }
  }

  /// A message whose payload is 1 KiB, encoded.
  static func encodedKibibyte() throws -> [UInt8] {
    let empty = try encode(Array(#"{"note":""}"#.utf8)).count
    return try encode(Array(#"{"note":""#.utf8) + [UInt8](repeating: 0x61, count: 1024 - empty) + Array(#""}"#.utf8))
  }
}

// Lite3: binary JSON, as pool files hold it (Documentation/, pool format, part C).
//
//   JSON text --Lite3Encoder--> document --Lite3Document, Lite3Value--> typed values
//                                        --Lite3JSONWriter------------> JSON text
//
// Writing
//   var encoder = Lite3Encoder()                            keeps its memory; one for each writer, not shared
//   try encoder.encodeMessage(data: json, tags: ["x"])      {"meta":{"tags":["x"]},"data":json}; json: RawSpan
//   try encoder.encode(json)                                a document of its own
//   encoder.bytes                                           RawSpan of the result, until the next call; 16-aligned
//   encoder.withUnsafeBytes { … }                           the same as a raw buffer
//   var builder = Lite3Builder()                            value by value from the program
//
// Reading
//   let document = Lite3Document(bytes)                     bytes: RawSpan; nothing is copied
//   try document.validate()                                 the whole document
//   try document.validateMessage()                          the shape of a message, and all of it
//   try document.root().member("a")?.int64                  typed access; nil for absent or another type
//   try document.root().value(at: ["meta", "tags", 0])      a path
//   var members = root.members()                            while let member = try members.next() { … }
//
// To text, into a ByteWriter of the JSON target
//   var writer = Lite3JSONWriter()                          keeps its memory; one for each thread
//   try writer.writeEnvelope(payload: p, seq: 1, time: ns, style: .compact, into: &output)
//   try writer.writeData(ofMessage: p, into: &output)
//   try writer.write(document: d, style: .pretty, into: &output)
//
// Every failure is a `Lite3Error` with a stable kind. Limits are in `Lite3Limits`.

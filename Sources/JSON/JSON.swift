// JSON text (pool format, section 13.3): what Lite3 documents are made from and shown as.
//
//   JSONParser            text -> JSONTape, by simdjson; exact numbers; errors with offset and line
//   JSONWriter            values of the program -> text, compact, pretty or coloured
//   ByteWriter            the growing buffer that text is written into, with strings, numbers, times and base64
//   Timestamp             RFC 3339 <-> nanoseconds since 1970

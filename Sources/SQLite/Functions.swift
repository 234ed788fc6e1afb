internal import CSQLite

/// A function of the application. The library owns it from its registration to the end of the connection.
private final class Function {
  let body: ([SQLiteValue]) -> FunctionResult
  init(_ body: @escaping ([SQLiteValue]) -> FunctionResult) { self.body = body }
}

/// What a function of the application gives: a value, or the message that its statement fails with.
package enum FunctionResult {
  case value(SQLiteValue)
  case failure(String)
}

extension Connection {
  /// Makes `name` a function of SQL.
  ///
  /// - Parameters:
  ///   - arguments: How many it takes; -1 for any number.
  ///   - isPure: The same arguments always give the same result, so that indexes may use it.
  package func makeFunction(
    _ name: String, arguments: Int32, isPure: Bool, _ body: @escaping ([SQLiteValue]) -> FunctionResult
  ) throws(SQLiteError) {
    let flags = SQLITE_UTF8 | (isPure ? SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS : SQLITE_DIRECTONLY)
    // On failure the library calls the destructor itself.
    try check(
      sqlite3_create_function_v2(
        handle, name, arguments, flags, Unmanaged.passRetained(Function(body)).toOpaque(),
        { context, count, values in
          guard let owner = sqlite3_user_data(context) else { return }
          let function = Unmanaged<Function>.fromOpaque(owner).takeUnretainedValue()
          let arguments = (0..<Int(count)).map { index -> SQLiteValue in
            guard let handle = values?[index] else { return .null }
            return BorrowedValue(handle: handle, isAbsent: false).value
          }
          give(function.body(arguments), to: context)
        }, nil, nil,
        { owner in
          if let owner { Unmanaged<Function>.fromOpaque(owner).release() }
        }))
  }
}

extension Connection {
  /// Makes `generate_series(start, stop, step)` a table of whole numbers: from `start`, 0 unless given, by `step`, 1 unless given, up to
  /// `stop`, 4,294,967,295 unless given; the same numbers backwards if `step` is negative.
  package func makeSeries() throws(SQLiteError) { try check(csqlite_make_series(handle)) }
}

private func give(_ result: FunctionResult, to context: OpaquePointer?) {
  switch result {
  case .value(.null): sqlite3_result_null(context)
  case .value(.integer(let number)): sqlite3_result_int64(context, number)
  case .value(.real(let number)): sqlite3_result_double(context, number)
  case .value(.text(let bytes)):
    bytes.withUnsafeBytes { csqlite_result_text(context, $0.baseAddress, UInt64($0.count)) }
  case .value(.blob(let bytes)):
    bytes.withUnsafeBytes { csqlite_result_blob(context, $0.baseAddress, UInt64($0.count)) }
  case .failure(let message): sqlite3_result_error(context, message, -1)
  }
}

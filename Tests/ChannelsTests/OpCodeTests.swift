import Channels
import Testing

@Suite struct OpCodeTests {
  @Test(
    arguments: [
      (.request, .response), (.response, nil), (.signal, .signal), (.helloRequest, .helloResponse),
      (.helloResponse, nil), (.byeRequest, .byeResponse), (.byeResponse, nil), (.byeSignal, nil),
      (.welcomeRequest, .welcomeResponse), (.welcomeResponse, nil),
    ] as [(OpCode, OpCode?)])
  func hasTheReplyOfTheProtocol(opCode: OpCode, reply: OpCode?) {
    #expect(opCode.reply == reply)
  }

  @Test(arguments: OpCode.allCases)
  func isFoundByItsName(opCode: OpCode) {
    #expect(OpCode(name: opCode.name.description) == opCode)
  }

  @Test(arguments: ["", "Request", "request ", "hello", "helloRequest", "request\0"])
  func otherNamesAreNone(name: String) {
    #expect(OpCode(name: name) == nil)
  }

  @Test func numbersAreThoseOfTheProtocol() {
    #expect(OpCode.allCases.map(\.rawValue) == Array(0...9))
    #expect(OpCode.allCases.map(\.kind.rawValue) == [0, 0, 0, 2, 2, 3, 3, 3, 1, 1])
    #expect(OpCode.allCases.map(\.role.rawValue) == [0, 1, 2, 0, 1, 0, 1, 2, 0, 1])
    #expect(OpCode.allCases.filter(\.mayCrossConnection).map(\.rawValue) == Array(0...7))
  }

  @Test(arguments: UInt8.min...UInt8.max)
  func everyStatusByteHasAMeaning(byte: UInt8) {
    #expect(Status(wire: byte) == Status(rawValue: min(byte, 31)))
  }

  @Test func statusNamesDiffer() {
    #expect(Set(Status.allCases.map(\.name.description)).count == 32)
    #expect(Status.allCases.map(\.rawValue) == Array(0...31))
    #expect(Status.channelClosed.rawValue == 22)
    #expect(Status.unknownError.name.description == "unknown_error")
  }
}

"""The provider's official library against our server and our reader.

    provider_library.py requests URL TOKEN   signs requests to a running server, and some that are not right
    provider_library.py documents            prints documents, one JSON string a line
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import Message, MessagingResponse
from twilio.twiml.voice_response import Conference, Dial, Gather, VoiceResponse

CALL = {
    "CallSid": "CA0000000000000000000000000000beef",
    "AccountSid": "AC00000000000000000000000000000001",
    "From": "+447700900123",
    "To": "+12025550100",
    "CallStatus": "ringing",
    "Direction": "inbound",
    "ApiVersion": "2010-04-01",
}
TEXT = {
    "MessageSid": "SM0000000000000000000000000000beef",
    "AccountSid": "AC00000000000000000000000000000001",
    "From": "+447700900123",
    "To": "+12025550100",
    "Body": "112",
    "NumMedia": "0",
}


class Repeated(dict):
    """A form in which a name can stand several times, as web frameworks hand it to the library."""

    def getall(self, name):
        value = self[name]
        return value if isinstance(value, list) else [value]


def post(url, form, signature):
    body = urllib.parse.urlencode(form, doseq=True).encode()
    request = urllib.request.Request(url, data=body, method="POST")
    if signature is not None:
        request.add_header("X-Twilio-Signature", signature)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def requests(base, token):
    validator = RequestValidator(token)

    def case(name, path, form, expected, signed_form=None, url=None):
        url_signed = url or base + path
        signature = validator.compute_signature(url_signed, form if signed_form is None else signed_form)
        status, body = post(base + path, form, signature)
        assert status == expected, f"{name}: {status} instead of {expected}: {body}"
        return body

    assert "<Gather" in case("a call", "/twilio/voice", CALL, 200)
    assert "<Gather" in case("a query", "/twilio/voice?foo=1&bar=%27x%27", dict(CALL, CallSid="CA1"), 200)
    assert "112" in case("a text", "/twilio/sms", TEXT, 200)
    case("words of any script", "/twilio/sms", dict(TEXT, MessageSid="SM1", Body="Hallo wereld é 😀 'a' + & = %"), 200)
    case("empty values", "/twilio/voice", dict(CALL, CallSid="CA2", CallerName="", Body=""), 200)
    case("repeated names", "/twilio/voice", Repeated(CALL, CallSid="CA3", Extra=["b", "a", "b"]), 200)
    case("the port shown or not", "/twilio/voice", dict(CALL, CallSid="CA4"), 200)
    case("a status", "/twilio/status", dict(CALL, CallStatus="completed"), 204)
    case("a parameter more", "/twilio/voice", dict(CALL, Digits="1"), 403, signed_form=CALL)
    case("a parameter less", "/twilio/voice", {k: v for k, v in CALL.items() if k != "To"}, 403, signed_form=CALL)
    case("another address", "/twilio/voice", CALL, 403, url=base + "/twilio/sms")
    case("another account", "/twilio/voice", dict(CALL, AccountSid="AC2"), 403)
    status, _ = post(base + "/twilio/voice", CALL, None)
    assert status == 403, f"no signature: {status}"
    status, _ = post(base + "/twilio/voice", CALL, RequestValidator(token + "x").compute_signature(base + "/twilio/voice", CALL))
    assert status == 403, f"another token: {status}"
    print("13 requests answered as they should be")


def documents():
    built = []

    plain = VoiceResponse()
    plain.say("Hello & goodbye <tag>", voice="alice", language="en-GB", loop=2)
    plain.play("https://example.org/a.wav", loop=1)
    plain.play("", digits="1w2#")
    plain.pause(length=2)
    plain.redirect("https://example.org/next?a=1&b=2", method="POST")
    built.append(plain)

    gather = VoiceResponse()
    menu = Gather(action="/key", num_digits=1, finish_on_key="", timeout=7, input="dtmf", action_on_empty_result=True, barge_in=False)
    menu.say("Voor Nederlands, druk op één.", language="nl-NL")
    menu.pause(length=1)
    menu.play("https://example.org/b.wav")
    gather.append(menu)
    gather.redirect("/silence")
    built.append(gather)

    dial = VoiceResponse()
    leg = Dial(action="/dial", caller_id="+12025550100", timeout=20, time_limit=3600, hangup_on_star=True, answer_on_bridge=True)
    leg.number("+447700900999", url="/whisper", send_digits="ww1")
    leg.sip("sip:desk@example.org", username="u", password="p")
    dial.append(leg)
    built.append(dial)

    room = VoiceResponse()
    leg = Dial()
    leg.append(Conference("room one", start_conference_on_enter=True, end_conference_on_exit=True, beep=False, wait_url=""))
    room.append(leg)
    built.append(room)

    spoken = VoiceResponse()
    say = spoken.say("One ", voice="Polly.Amy")
    say.break_(strength="strong", time="500ms")
    say.emphasis("two", level="strong")
    say.say_as("123", interpret_as="digits")
    say.sub("three", alias="four")
    built.append(spoken)

    ends = VoiceResponse()
    ends.reject(reason="busy")
    built.append(ends)
    ends = VoiceResponse()
    ends.hangup()
    built.append(ends)

    other = VoiceResponse()
    other.record(action="/never", max_length=10)
    other.enqueue("queue", wait_url="/wait")
    other.leave()
    other.dial("+447700900999")
    built.append(other)
    built.append(VoiceResponse())

    text = MessagingResponse()
    text.message("Text a code.")
    built.append(text)
    text = MessagingResponse()
    message = Message()
    message.body("Two")
    text.append(message)
    built.append(text)
    built.append(MessagingResponse())

    for document in built:
        print(json.dumps(str(document)))


if sys.argv[1] == "requests":
    requests(sys.argv[2], sys.argv[3])
else:
    documents()

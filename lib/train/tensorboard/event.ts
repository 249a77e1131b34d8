import { bytes, double, type Encoded, float, integer, message } from './protobuf.js';

// Messages of TensorFlow's event.proto, summary.proto, tensor.proto and tensor_shape.proto, as far as
// an event file of scalars, sounds and texts needs them. Field numbers are theirs.

/** Where and when an event happened. */
export interface EventTime {
  readonly step: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
}

const FILE_VERSION = 'brain.Event:2';
const SESSION_START = 1;
const STRING_TENSOR = 7;

/** The first event of every file. */
export function fileVersionEvent(wallTime: number): Encoded {
  return message(double(1, wallTime), bytes(3, FILE_VERSION));
}

/** The training begins, or goes on: events of earlier files from this step on count no more. */
export function sessionStartEvent(time: EventTime): Encoded {
  return event(time, bytes(7, integer(1, SESSION_START)));
}

/** What an event shows, one value a tag. */
export function summaryEvent(time: EventTime, values: readonly Encoded[]): Encoded {
  return event(time, bytes(5, message(...values.map((value) => bytes(1, value)))));
}

function event({ step, wallTime }: EventTime, what: Encoded): Encoded {
  // The format leaves out what is 0.
  return message(double(1, wallTime), step > 0 ? integer(2, step) : undefined, what);
}

export function scalarValue(tag: string, value: number): Encoded {
  return message(bytes(1, tag), float(2, value));
}

/** A sound of one channel as a WAV file. */
export function audioValue(
  tag: string,
  sound: { readonly wav: Uint8Array; readonly sampleRate: number; readonly samples: number },
): Encoded {
  const audio = message(
    float(1, sound.sampleRate),
    integer(2, 1),
    integer(3, sound.samples),
    bytes(4, sound.wav),
    bytes(5, 'audio/wav'),
  );
  return message(bytes(1, tag), bytes(6, audio));
}

/** A text in Markdown. */
export function textValue(tag: string, text: string): Encoded {
  const shape = bytes(2, integer(1, 1)); // [1]
  const tensor = message(integer(1, STRING_TENSOR), bytes(2, shape), bytes(8, text));
  const metadata = bytes(1, bytes(1, 'text'));
  return message(bytes(1, tag), bytes(8, tensor), bytes(9, metadata));
}

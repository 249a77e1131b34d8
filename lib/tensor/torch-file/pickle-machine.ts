import { allowedGlobal } from './allowed-globals.js';
import { NumpyDType } from './numpy-scalar.js';
import { type PickleBytes, readLiteral } from './pickle-bytes.js';
import {
  AllowedGlobal,
  Budget,
  type Caller,
  Dictionary,
  nameText,
  type PickleValue,
  Tuple,
} from './pickle-values.js';
import { BlankTensor } from './tensor-record.js';

/** The stack of a pickle machine, with marks. Nothing below the last mark can be taken but by taking the mark. */
export class PickleStack {
  private readonly values: PickleValue[] = [];
  /** How high the stack was at each mark. */
  private readonly marks: number[] = [];

  constructor(private readonly fault: (problem: string) => Error) {}

  push(value: PickleValue): void {
    this.values.push(value);
  }

  mark(): void {
    this.marks.push(this.values.length);
  }

  top(): PickleValue {
    if (this.values.length <= (this.marks.at(-1) ?? 0)) throw this.missing();
    return this.values[this.values.length - 1] as PickleValue;
  }

  pop(): PickleValue {
    const value = this.top();
    this.values.pop();
    return value;
  }

  /** Takes the last value, or the mark where one is on top. */
  drop(): void {
    if (this.marks.at(-1) === this.values.length) this.marks.pop();
    else this.pop();
  }

  /** The last values, in the order in which they came. */
  popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** Everything above the last mark, and the mark. */
  popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.missing();
    return this.values.splice(mark);
  }

  private missing(): Error {
    return this.fault('its pickle takes what is not there');
  }
}

/** Opcodes that make objects of any class, or need what a file does not hold. */
const names: Readonly<Record<number, string>> = {
  146: 'NEWOBJ_EX',
  111: 'OBJ',
  105: 'INST',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  80: 'PERSID',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
};

/** The fault for an opcode that no file of tensors needs. INST alone says itself what it would make. */
export function refusal(opcode: number, bytes: PickleBytes, { fault }: Caller): Error {
  const name = names[opcode];
  if (name === undefined)
    return fault(`its pickle has the unknown opcode 0x${opcode.toString(16)}`);
  const made = name === 'INST' ? `${nameText(bytes.line())}.${nameText(bytes.line())}` : undefined;
  const purpose = made === undefined ? '' : ` to make ${made}`;
  return fault(`its pickle uses the opcode ${name}${purpose}, which is refused`);
}

// The machine that pickles are programs for, without the opcodes that call what they like. What it can name is listed
// in allowed-globals.ts, what it can make in pickle-values.ts; anything else ends it before anything comes of it.
// Opcodes: CPython's Lib/pickletools.py.
/** Opcodes of one file: enough for 50 000 tensors. What takes more memory than a value counts for more. */
const UNITS = 8_000_000;
const CONTAINER = 8;
const MEMO = 4;

export interface PickleRules {
  readonly fault: Caller['fault'];
  /** What stands for an object outside the pickle. */
  readonly persistent?: (id: PickleValue) => PickleValue;
}

/**
 * The value of a pickle. Nothing is called but what allowed-globals.ts lists.
 *
 * @throws CutOff where the bytes end before the pickle does; the fault of the rules
 */
export function runPickle(bytes: PickleBytes, rules: PickleRules): PickleValue {
  return new PickleMachine(bytes, rules).run();
}

class PickleMachine implements Caller {
  private readonly stack: PickleStack;
  private readonly memo = new Map<number, PickleValue>();
  private readonly budget: Budget;

  constructor(
    private readonly bytes: PickleBytes,
    private readonly rules: PickleRules,
  ) {
    this.stack = new PickleStack(rules.fault);
    this.budget = new Budget(UNITS, () =>
      rules.fault('its pickle asks for more than a file of tensors needs'),
    );
  }

  readonly fault = (problem: string): Error => this.rules.fault(problem);

  spend(units: number): void {
    this.budget.spend(units);
  }

  run(): PickleValue {
    for (;;) {
      this.spend(1);
      const opcode = this.bytes.uint8();
      if (opcode === 0x2e) return this.stack.pop(); // STOP
      const literal = readLiteral(opcode, this.bytes, this);
      if (literal !== undefined) this.stack.push(literal);
      else this.step(opcode);
    }
  }

  private step(opcode: number): void {
    const { bytes, stack } = this;
    switch (opcode) {
      case 0x80: // PROTO
        this.checkProtocol(bytes.uint8());
        break;
      case 0x95: // FRAME: only a hint for readers of streams
        bytes.uint64();
        break;
      case 0x28: // MARK
        stack.mark();
        break;
      case 0x30: // POP, of a mark where one is on top
        stack.drop();
        break;
      case 0x31: // POP_MARK
        stack.popToMark();
        break;
      case 0x32: // DUP
        stack.push(stack.top());
        break;
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET: a list here
        this.make([]);
        break;
      case 0x6c: // LIST
        this.make(stack.popToMark());
        break;
      case 0x61: // APPEND
        this.append([stack.pop()]);
        break;
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        this.append(stack.popToMark());
        break;
      case 0x91: // FROZENSET
        this.make(stack.popToMark());
        break;
      case 0x29: // EMPTY_TUPLE
        this.make(new Tuple([]));
        break;
      case 0x74: // TUPLE
        this.make(new Tuple(stack.popToMark()));
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.make(new Tuple(stack.popMany(opcode - 0x84)));
        break;
      case 0x7d: // EMPTY_DICT
        this.make(new Dictionary(false));
        break;
      case 0x64: {
        const items = stack.popToMark();
        this.make(new Dictionary(false)); // DICT
        this.setItems(items);
        break;
      }
      case 0x73: // SETITEM
        this.setItems(stack.popMany(2));
        break;
      case 0x75: // SETITEMS
        this.setItems(stack.popToMark());
        break;
      case 0x71: // BINPUT
        this.memorise(bytes.uint8());
        break;
      case 0x72: // LONG_BINPUT
        this.memorise(bytes.uint32());
        break;
      case 0x94: // MEMOIZE
        this.memorise(this.memo.size);
        break;
      case 0x68: // BINGET
        this.recall(bytes.uint8());
        break;
      case 0x6a: // LONG_BINGET
        this.recall(bytes.uint32());
        break;
      case 0x63: // GLOBAL
        stack.push(allowedGlobal(bytes.line(), bytes.line(), this));
        break;
      case 0x93: // STACK_GLOBAL
        this.stackGlobal();
        break;
      case 0x52: // REDUCE
        this.call(['function', 'class']);
        break;
      case 0x81: // NEWOBJ
        this.call(['class']);
        break;
      case 0x62: // BUILD
        this.build();
        break;
      case 0x51: // BINPERSID
        this.persistent();
        break;
      default:
        throw refusal(opcode, bytes, this);
    }
  }

  private make(container: PickleValue): void {
    this.spend(CONTAINER);
    this.stack.push(container);
  }

  private append(values: readonly PickleValue[]): void {
    const list = this.stack.top();
    if (!Array.isArray(list)) throw this.fault('its pickle appends to what is no list');
    for (const value of values) list.push(value);
  }

  private setItems(items: readonly PickleValue[]): void {
    const dictionary = this.stack.top();
    if (!(dictionary instanceof Dictionary) || items.length % 2 !== 0) {
      throw this.fault('its pickle sets entries of what is no dict');
    }
    for (let i = 0; i < items.length; i += 2) {
      dictionary.entries.set(items[i] as PickleValue, items[i + 1] as PickleValue);
    }
  }

  private memorise(index: number): void {
    this.spend(MEMO);
    this.memo.set(index, this.stack.top());
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.fault('its pickle recalls what it has not memorised');
    this.stack.push(value);
  }

  private stackGlobal(): void {
    const [module, name] = this.stack.popMany(2);
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.fault('its pickle names something by what is no text');
    }
    this.stack.push(allowedGlobal(module, name, this));
  }

  private call(kinds: readonly ('function' | 'class')[]): void {
    const [callee, args] = this.stack.popMany(2);
    const role = callee instanceof AllowedGlobal ? callee.role : undefined;
    const what = callee instanceof AllowedGlobal ? callee.name : 'what is no function';
    if (!role || !('call' in role) || !kinds.includes(role.kind)) {
      throw this.fault(`its pickle calls ${what}, which is refused`);
    }
    if (!(args instanceof Tuple)) throw this.fault(`its pickle calls ${what} with no tuple`);
    this.make(role.call(args.items, this));
  }

  /** State of an OrderedDict (attributes such as _metadata) is of no use here. */
  private build(): void {
    const state = this.stack.pop();
    const target = this.stack.top();
    if (target instanceof NumpyDType || target instanceof BlankTensor) {
      target.setState(state, this);
      return;
    }
    if (target instanceof Dictionary && target.ordered && state instanceof Dictionary) return;
    const what = target instanceof AllowedGlobal ? target.name : 'what has none';
    throw this.fault(`its pickle sets the state of ${what} (opcode BUILD), which is refused`);
  }

  private persistent(): void {
    const { persistent } = this.rules;
    if (!persistent) throw this.fault('its pickle refers to something outside where nothing is');
    const id = this.stack.pop();
    this.make(persistent(id));
  }

  private checkProtocol(protocol: number): void {
    if (protocol > 5) throw this.fault(`its pickle is of protocol ${protocol}; known are 0 to 5`);
  }
}

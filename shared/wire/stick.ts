import { ByteReader, ByteWriter, DecodeError } from '../ops/bytes.ts'

/** Version of the file; raised only when an older reader could not read it. */
export const STICK_VERSION = 1
export const STICK_EXTENSION = 'chanbo'
const MAGIC = 'chanbo stick'
/** One frame; a file may hold any number. */
export const MAX_FRAME_BYTES = 32 * 1024 * 1024

export type StickKind = 'to-hub' | 'to-device'

/** Readable without any key, so that a file that is not for the reader can be explained. Bound to every frame by hash. */
export interface StickHeader {
  readonly kind: StickKind
  readonly belt: string
  /** Ed25519 public keys, base64url: who wrote and signed it, and for whom. */
  readonly from: string
  readonly to: string
  readonly madeMs: number
  /** X25519 key of this file alone; empty for a file that is signed but not encrypted. */
  readonly ephemeral: Uint8Array
  /** Tells files apart. */
  readonly nonce: Uint8Array
}

/** One step of the conversation that the file carries: the name of a request or answer, and its bytes. */
export interface StickFrame {
  readonly name: string
  readonly body: Uint8Array
}

/** Injected cryptography of one side. Keys of a file are made by `agree` when writing and `open` when reading. */
export interface StickCrypto {
  sha256(bytes: Uint8Array): Uint8Array
  random(length: number): Uint8Array
  /** A new X25519 pair and the key it makes with the recipient's Ed25519 key. */
  agree(recipient: string): { ephemeral: Uint8Array; key: Uint8Array }
  /** The same key from the reader's own secret. @throws DecodeError for a key that is none */
  open(ephemeral: Uint8Array): Uint8Array
  seal(key: Uint8Array, index: number, about: Uint8Array, plain: Uint8Array): Uint8Array
  /** @throws DecodeError when the bytes are not what was sealed */
  unseal(key: Uint8Array, index: number, about: Uint8Array, sealed: Uint8Array): Uint8Array
  sign(bytes: Uint8Array): Uint8Array
  verify(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean
}

function encodeHeader(header: StickHeader): Uint8Array {
  const out = new ByteWriter(256)
  out.text(MAGIC)
  out.uint(STICK_VERSION)
  out.text(header.kind)
  out.text(header.belt)
  out.text(header.from)
  out.text(header.to)
  out.uint(header.madeMs)
  out.blob(header.ephemeral)
  out.blob(header.nonce)
  return out.finish()
}

/** The last frame of a file, so that one that was cut short is known as such. */
const END = 'end'

function signedText(headerHash: Uint8Array, index: number, frame: StickFrame): Uint8Array {
  const out = new ByteWriter(frame.body.length + 96)
  out.text('chanbo stick frame 1')
  out.blob(headerHash)
  out.uint(index)
  out.text(frame.name)
  out.blob(frame.body)
  return out.finish()
}

/** Writes a file frame by frame; `finish` must come last. */
export class StickWriter {
  readonly #crypto: StickCrypto
  readonly #headerHash: Uint8Array
  readonly #key: Uint8Array | null
  readonly #header: Uint8Array
  #index = 0

  constructor(crypto: StickCrypto, about: Omit<StickHeader, 'ephemeral' | 'nonce'>, encrypted: boolean) {
    this.#crypto = crypto
    const agreed = encrypted ? crypto.agree(about.to) : null
    this.#key = agreed?.key ?? null
    this.#header = encodeHeader({
      ...about,
      ephemeral: agreed?.ephemeral ?? new Uint8Array(0),
      nonce: crypto.random(12),
    })
    this.#headerHash = crypto.sha256(this.#header)
  }

  /** Bytes that begin the file. */
  begin(): Uint8Array {
    return this.#header
  }

  frame(frame: StickFrame): Uint8Array {
    const index = this.#index++
    const plain = new ByteWriter(frame.body.length + 160)
    plain.text(frame.name)
    plain.blob(this.#crypto.sign(signedText(this.#headerHash, index, frame)))
    plain.blob(frame.body)
    const bytes = plain.finish()
    const sealed = this.#key ? this.#crypto.seal(this.#key, index, this.#headerHash, bytes) : bytes
    const out = new ByteWriter(sealed.length + 8)
    out.blob(sealed)
    return out.finish()
  }

  finish(): Uint8Array {
    return this.frame({ name: END, body: new Uint8Array(0) })
  }
}

export type StickProblem =
  'not-a-file' | 'newer' | 'other-belt' | 'other-recipient' | 'other-kind' | 'forged' | 'cut-short'

/** Why a file, or the rest of it, is not taken. */
export class StickError extends Error {
  override readonly name = 'StickError'
  readonly problem: StickProblem

  constructor(problem: StickProblem) {
    super(`stick file: ${problem}`)
    this.problem = problem
  }
}

/** @throws StickError `not-a-file` or `newer` */
export function readHeader(bytes: Uint8Array): { header: StickHeader; raw: Uint8Array } {
  const input = new ByteReader(bytes)
  try {
    if (input.text() !== MAGIC) throw new StickError('not-a-file')
    if (input.uint() > STICK_VERSION) throw new StickError('newer')
    const kind = input.text()
    if (kind !== 'to-hub' && kind !== 'to-device') throw new StickError('newer')
    const header: StickHeader = {
      kind,
      belt: input.text(),
      from: input.text(),
      to: input.text(),
      madeMs: input.uint(),
      ephemeral: input.blob(),
      nonce: input.blob(),
    }
    return { header, raw: bytes.slice(0, input.position) }
  } catch (error) {
    if (error instanceof DecodeError) throw new StickError('not-a-file')
    throw error
  }
}

/**
 * Reads a file's frames in order; each is proven before it is given out. What was read before a break is sound.
 * @throws StickError `forged` or `cut-short` while reading, at the first frame that is not sound
 */
export function* readFrames(
  crypto: StickCrypto,
  bytes: Uint8Array,
  { header, raw }: { header: StickHeader; raw: Uint8Array },
): Generator<StickFrame, void> {
  const headerHash = crypto.sha256(raw)
  const key = header.ephemeral.length === 0 ? null : openKey(crypto, header.ephemeral)
  const input = new ByteReader(bytes.subarray(raw.length))
  for (let index = 0; ; index++) {
    let sealed: Uint8Array
    try {
      sealed = input.blob()
    } catch (error) {
      if (error instanceof DecodeError) throw new StickError('cut-short')
      throw error
    }
    if (sealed.length > MAX_FRAME_BYTES) throw new StickError('forged')
    const frame = openFrame(crypto, key, headerHash, index, header.from, sealed)
    if (frame.name === END) {
      if (input.left > 0) throw new StickError('forged')
      return
    }
    yield frame
  }
}

function openKey(crypto: StickCrypto, ephemeral: Uint8Array): Uint8Array {
  try {
    return crypto.open(ephemeral)
  } catch (error) {
    if (error instanceof DecodeError) throw new StickError('forged')
    throw error
  }
}

function openFrame(
  crypto: StickCrypto,
  key: Uint8Array | null,
  headerHash: Uint8Array,
  index: number,
  from: string,
  sealed: Uint8Array,
): StickFrame {
  try {
    const input = new ByteReader(key ? crypto.unseal(key, index, headerHash, sealed) : sealed)
    const name = input.text()
    const signature = input.blob()
    const frame = { name, body: input.blob() }
    if (input.left > 0 || !crypto.verify(from, signedText(headerHash, index, frame), signature))
      throw new StickError('forged')
    return frame
  } catch (error) {
    if (error instanceof DecodeError) throw new StickError('forged')
    throw error
  }
}

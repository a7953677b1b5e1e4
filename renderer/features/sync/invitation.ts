/** What a hub's administrator hands out: where the hub is and a one-time code. */
export interface Invitation {
  readonly url: string
  readonly code: string
}

const ADDRESS = /https?:\/\/[^\s"'<>，。；]+/i
/** Groups of four characters joined by hyphens or spaces, or one unbroken run, as the hub prints it. */
const CODE =
  /(?<![A-Za-z0-9])(?:[0-9A-Za-z]{4}[-\s]){6,}[0-9A-Za-z]{1,4}(?![A-Za-z0-9])|(?<![A-Za-z0-9])[0-9A-Za-z]{40,}(?![A-Za-z0-9])/

/** Finds the address and the code in a pasted message or file; what is not there stays empty. */
export function readInvitation(text: string): Invitation {
  const url = ADDRESS.exec(text)?.[0].replace(/[.,;:)\]]+$/, '') ?? ''
  const rest = url === '' ? text : text.replace(url, ' ')
  return { url, code: CODE.exec(rest)?.[0].trim().replace(/\s+/g, '-') ?? '' }
}

/** Message key of what is wrong with the invitation; null when it can be sent. */
export function checkInvitation({ url, code }: Invitation): 'sync.join.noUrl' | 'sync.join.noCode' | null {
  if (!URL.canParse(url.trim()) || !/^https?:/i.test(url.trim())) return 'sync.join.noUrl'
  return code.trim().length < 20 ? 'sync.join.noCode' : null
}

import { z } from 'zod'
import { action, query } from './define.ts'

/** One browser or window that is using this machine's cockpit now. */
export interface ShellConnection {
  readonly label: string
  readonly address: string
  readonly sinceMs: number
  readonly remote: boolean
  /** Who signed in on it, null while nobody has. */
  readonly personName: string | null
}

export interface ShellInfo {
  /** A native window has native dialogs; a browser sends and fetches files over HTTP. */
  readonly kind: 'window' | 'browser'
  /** True when this screen reaches the cockpit over the local network. */
  readonly remote: boolean
  readonly lan: { readonly urls: readonly string[]; readonly fingerprint: string } | null
  readonly connections: readonly ShellConnection[]
}

/** Answered by the shell itself, never by the core. */
export const SHELL_CONTRACT = {
  'shell/info': query(z.object({}), 'anyone').returns<ShellInfo>(),
  /** Browser only, with `--lan`: a link that lets one more machine in, valid once. */
  'shell/invite': action(z.object({}), 'anyone').returns<{ url: string; expiresMs: number }>(),
  /** Window only: a native dialog; null when it was closed. `accept` lists file extensions. */
  'shell/pickFile': action(
    z.object({ accept: z.array(z.string().regex(/^\.?[a-z0-9]{1,10}$/)).max(10) }),
    'anyone',
  ).returns<{
    handle: string
    name: string
    sizeBytes: number
  } | null>(),
  /** Window only: saves a file the core has made; null when the dialog was closed. */
  'shell/saveFile': action(
    z.object({ handle: z.string().min(1).max(200), suggestedName: z.string().min(1).max(200) }),
    'anyone',
  ).returns<{ name: string } | null>(),
  /** Window only: a notification of the operating system. */
  'shell/notify': action(
    z.object({ title: z.string().min(1).max(120), body: z.string().max(400) }),
    'anyone',
  ).returns<null>(),
}

export type ShellRequests = typeof SHELL_CONTRACT
export type ShellRequestName = keyof ShellRequests

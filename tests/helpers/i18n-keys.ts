import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export type Flat = ReadonlyMap<string, string>

/** All messages of a language as `file.path.to.key` → text. */
export function readMessages(dir: string): Flat {
  const out = new Map<string, string>()
  const walk = (prefix: string, node: unknown) => {
    if (typeof node === 'string') out.set(prefix, node)
    else for (const [key, value] of Object.entries(node as object)) walk(`${prefix}.${key}`, value)
  }
  for (const file of readdirSync(dir).filter((name) => name.endsWith('.json')))
    walk(file.slice(0, -5), JSON.parse(readFileSync(join(dir, file), 'utf8')))
  return out
}

/** Names in braces, each once, sorted. */
export function paramsOf(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string))].sort()
}

export interface KeyUse {
  /** Keys written out in a call or attribute that takes a key: each must exist. */
  readonly called: ReadonlyMap<string, string>
  /** Every quoted text shaped like a key: enough to count a key as used. */
  readonly mentioned: ReadonlySet<string>
  /** Patterns of keys put together at run time, declared as `i18n-dynamic: name.* …` in a comment. */
  readonly dynamic: readonly string[]
}

const CALL = /(?<![\w.])(?:\$?te?|i18n\.global\.t)\(\s*'([\w-]+(?:\.[\w-]+)+)'/g
const ATTRIBUTE = /(?:keypath="|\b\w*[kK]ey:\s*')([\w-]+(?:\.[\w-]+)+)["']/g
const QUOTED = /['"`]([\w-]+(?:\.[\w-]+)+)['"`]/g
const DYNAMIC = /i18n-dynamic:([^\n*]*(?:\*[^\n*/]*)*)/g

/** Finds the uses of keys in source texts, given as path → text. */
export function findUses(sources: ReadonlyMap<string, string>, namespaces: ReadonlySet<string>): KeyUse {
  const called = new Map<string, string>()
  const mentioned = new Set<string>()
  const dynamic: string[] = []
  const isKey = (text: string) => namespaces.has(text.split('.')[0] as string)
  for (const [path, text] of sources) {
    for (const match of text.matchAll(CALL)) called.set(match[1] as string, path)
    for (const match of text.matchAll(ATTRIBUTE))
      if (isKey(match[1] as string)) called.set(match[1] as string, path)
    for (const match of text.matchAll(QUOTED)) mentioned.add(match[1] as string)
    for (const match of text.matchAll(DYNAMIC))
      dynamic.push(...(match[1] as string).split(/\s+/).filter((word) => /^[\w-]+(\.[\w*-]+)+$/.test(word)))
  }
  return { called, mentioned, dynamic }
}

export function matches(pattern: string, key: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&'))
    .join('.+')
  return new RegExp(`^${source}$`).test(key)
}

/** Texts of all .ts and .vue files below a folder. */
export function readSources(dir: string): Map<string, string> {
  return new Map(
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ts|vue)$/.test(path))
      .map((path) => [path, readFileSync(join(dir, path), 'utf8')]),
  )
}

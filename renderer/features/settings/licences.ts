export interface BundledPart {
  readonly name: string
  readonly licence: string
  readonly holder: string
}

/** The larger parts this product ships with; their full licence texts travel in its files. */
export const bundledParts: readonly BundledPart[] = [
  { name: 'IBM Plex Sans', licence: 'OFL-1.1', holder: 'IBM Corp.' },
  { name: 'Noto Sans SC', licence: 'OFL-1.1', holder: 'Google LLC, Adobe' },
  { name: 'Lucide', licence: 'ISC', holder: 'Lucide Icons and Contributors' },
  { name: 'Vue, Vue Router, Pinia', licence: 'MIT', holder: 'Yuxi (Evan) You, Eduardo San Martin Morote' },
  { name: 'Vue I18n', licence: 'MIT', holder: 'kazuya kawaguchi' },
  { name: 'Element Plus', licence: 'MIT', holder: 'Element Plus' },
  { name: 'TanStack Virtual', licence: 'MIT', holder: 'Tanner Linsley' },
  { name: 'Apache ECharts', licence: 'Apache-2.0', holder: 'The Apache Software Foundation' },
  { name: 'Vue ECharts', licence: 'MIT', holder: 'GU Yiling & ECOMFE' },
  { name: 'Electron', licence: 'MIT', holder: 'Electron contributors' },
  { name: 'better-sqlite3, SQLite', licence: 'MIT, public domain', holder: 'Joshua Wise' },
  { name: 'Fastify', licence: 'MIT', holder: 'The Fastify team' },
  { name: 'Kysely', licence: 'MIT', holder: 'Sami Koskimäki' },
  { name: 'Zod', licence: 'MIT', holder: 'Colin McDonnell' },
  { name: 'csv-parse', licence: 'MIT', holder: 'Adaltas' },
  { name: 'cborg', licence: 'Apache-2.0', holder: 'Rod Vagg' },
  { name: 'nodejieba (node-rs)', licence: 'MIT', holder: 'LongYinan' },
  { name: 'keyring (napi-rs)', licence: 'MIT', holder: 'N-API for Rust' },
  { name: 'chinese-days', licence: 'MIT', holder: 'Yawei Sun' },
]

import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import type {
  ImportPreview,
  ImportSummary,
  PreviewRow,
  RowVerdict,
  SkuMapping,
} from '../../../shared/contract/imports.ts'
import type { AppError, Result } from '../../../shared/contract/result.ts'
import { transport, type FileHandle } from '../../transport/transport.ts'
import { useJob } from '../../transport/use-command.ts'

export const ACCEPTED = ['.csv', '.txt'] as const
const PAGE_ROWS = 100

export type RowFilter = 'all' | 'warning' | RowVerdict
type Step = 'choose' | 'reading' | 'preview' | 'committing' | 'done'

/** One file on its way in: sent, read, looked at, taken over. Nothing is stored in the belt before it is taken over. */
export function useImport(baseId: () => string | null) {
  const step = ref<Step>('choose')
  const fileName = ref('')
  const jobId = ref<string | null>(null)
  const importId = ref<string | null>(null)
  const head = shallowRef<ImportPreview | null>(null)
  const rows = shallowRef<readonly PreviewRow[]>([])
  const nextCursor = ref<string | null>(null)
  const filter = ref<RowFilter>('all')
  const committed = shallowRef<ImportSummary | null>(null)
  const error = shallowRef<AppError | null>(null)
  const job = useJob(() => jobId.value ?? importId.value)

  /** A small file may be read before the answer to its start arrives, so every end is kept. */
  const finished = new Set<string>()
  const waiting = new Map<string, () => void>()
  onScopeDispose(
    transport().on((event) => {
      if (event.kind !== 'finished') return
      finished.add(event.jobId)
      waiting.get(event.jobId)?.()
    }),
  )
  const ended = (id: string) =>
    finished.has(id) ? Promise.resolve() : new Promise<void>((done) => waiting.set(id, done))

  function fail(reason: AppError) {
    error.value = reason
    step.value = 'choose'
    jobId.value = null
  }

  async function take(sent: Promise<Result<FileHandle | null>>, name: string) {
    error.value = null
    fileName.value = name
    const file = await sent
    if (!file.ok) return fail(file.error)
    if (file.value === null) return
    fileName.value = file.value.name
    step.value = 'reading'
    const started = await transport().request('import/start', {
      fileHandle: file.value.handle,
      baseId: baseId(),
    })
    if (!started.ok) return fail(started.error)
    importId.value = started.value.importId
    jobId.value = started.value.jobId
    await ended(started.value.jobId)
    if (importId.value !== started.value.importId) return
    jobId.value = null
    await open(started.value.importId)
  }

  /** The preview of a file that has been read, or the reason why it was refused. */
  async function open(id: string) {
    filter.value = 'all'
    const result = await read(id, null)
    if (!result.ok) return fail(result.error)
    show(result.value, null)
    step.value = 'preview'
    if (result.value.summary.counts.problem > 0) filter.value = 'problem'
  }
  const sendFile = (file: File) => take(transport().sendFile(file), file.name)
  const pickFile = () => take(transport().pickFile([...ACCEPTED]), '')

  const read = (id: string, cursor: string | null) =>
    transport().request('import/preview', { importId: id, filter: filter.value, cursor, limit: PAGE_ROWS })

  function show(page: ImportPreview, cursor: string | null) {
    head.value = page
    rows.value = cursor === null ? page.rows : [...rows.value, ...page.rows]
    nextCursor.value = page.nextCursor
  }
  async function load(cursor: string | null) {
    if (!importId.value) return
    const result = await read(importId.value, cursor)
    if (result.ok) show(result.value, cursor)
    else error.value = result.error
  }
  watch(filter, () => step.value === 'preview' && void load(null))

  async function cancel() {
    if (importId.value) await transport().request('import/cancel', { importId: importId.value })
    reset()
  }

  async function commit(skuMappings: readonly SkuMapping[]) {
    if (!importId.value) return
    error.value = null
    step.value = 'committing'
    const result = await transport().request('import/commit', {
      importId: importId.value,
      skuMappings: [...skuMappings],
    })
    if (!result.ok) {
      error.value = result.error
      step.value = 'preview'
      return
    }
    committed.value = result.value
    step.value = 'done'
  }

  function reset() {
    step.value = 'choose'
    importId.value = null
    jobId.value = null
    head.value = null
    rows.value = []
    committed.value = null
    error.value = null
  }

  return {
    step,
    fileName,
    head,
    rows,
    filter,
    committed,
    error,
    hasMore: computed(() => nextCursor.value !== null),
    progress: job.progress,
    done: job.done,
    sendFile,
    pickFile,
    setFilter: (next: RowFilter) => (filter.value = next),
    loadMore: () => load(nextCursor.value),
    cancel,
    commit,
    reset,
  }
}

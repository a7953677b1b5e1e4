import { computed } from 'vue'
import { useQuery } from '../../transport/use-query.ts'

interface Named {
  readonly id: string
  readonly name: string
}

/** The rows other rows refer to, and the families in use. */
export function useRefs() {
  const bases = useQuery('catalogue/bases', {}, { topics: ['liveBase'] })
  const factories = useQuery('catalogue/factories', {}, { topics: ['factory'] })
  const merchants = useQuery('catalogue/merchants', { limit: 500 }, { topics: ['merchant'] })
  const products = useQuery('catalogue/products', { limit: 500 }, { topics: ['product'] })
  const lines = useQuery('catalogue/lines', {}, { topics: ['productionLine'] })
  const reference = useQuery('catalogue/reference', {}, { topics: ['product'] })
  const choices = computed<Record<'bases' | 'factories' | 'merchants' | 'products', readonly Named[]>>(
    () => ({
      bases: bases.data.value ?? [],
      factories: factories.data.value ?? [],
      merchants: merchants.data.value?.rows ?? [],
      products: (products.data.value?.rows ?? []).map(({ id, name, merchantShortName }) => ({
        id,
        name: `${merchantShortName} ${name}`,
      })),
    }),
  )
  const families = computed(() => [
    ...new Set([
      ...(reference.data.value?.families ?? []),
      ...(lines.data.value ?? []).flatMap((line) => Object.keys(line.unitsPerHour)),
    ]),
  ])
  /** Reads one of the choices anew, when it has to hold what was saved a moment ago. */
  const refresh = (of: keyof typeof choices.value) =>
    ({ bases, factories, merchants, products })[of].refresh()
  return { choices, families, lines: computed(() => lines.data.value ?? []), refresh }
}

export type Refs = ReturnType<typeof useRefs>

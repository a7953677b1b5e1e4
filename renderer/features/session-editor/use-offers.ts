import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { useQuery } from '../../transport/use-query.ts'

/** What a session of this merchant may choose from: the merchants themselves, their SKUs, rooms and people of the base. */
export function useOffers(merchantId: MaybeRefOrGetter<string | null>) {
  const merchantPage = useQuery('catalogue/merchants', { limit: 500 }, { topics: ['merchant'] })
  const merchants = computed(() => merchantPage.data.value?.rows ?? [])
  const chosen = computed(() => merchants.value.find(({ id }) => id === toValue(merchantId)) ?? null)
  const isChosen = () => toValue(merchantId) !== null
  const skuPage = useQuery('catalogue/skus', () => ({ merchantId: toValue(merchantId), limit: 500 }), {
    enabled: isChosen,
    topics: ['sku', 'product', 'stockMove'],
  })
  const studioRows = useQuery('catalogue/studios', () => ({ baseId: chosen.value?.baseId ?? null }), {
    topics: ['studio'],
  })
  const streamerRows = useQuery('catalogue/streamers', () => ({ baseId: chosen.value?.baseId ?? null }), {
    topics: ['streamer'],
  })
  return {
    loaded: computed(() => merchantPage.data.value !== null),
    merchants,
    skusLoaded: computed(() => skuPage.data.value !== null),
    skus: computed(() => (isChosen() ? (skuPage.data.value?.rows ?? []) : [])),
    studios: computed(() => studioRows.data.value ?? []),
    streamers: computed(() => streamerRows.data.value ?? []),
  }
}

export type Offers = ReturnType<typeof useOffers>

import { defineFeature } from '../../app/registry.ts'
import { useSession } from '../../app/stores/session.ts'
import { useSessionEditor } from './store.ts'

export default defineFeature({
  id: 'session-editor',
  routes: [],
  commands: (t) =>
    useSession().canWrite
      ? [
          {
            id: 'session:new',
            title: t('session.new'),
            icon: 'plus',
            run: () => useSessionEditor().openNew(),
          },
        ]
      : [],
})

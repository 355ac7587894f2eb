import { join } from 'node:path'
import { loadPack } from './load-pack.ts'
import type { Service } from './service.ts'

/** The pack that ships with us: four images of a small release, one good and three attacked. Loading it twice adds nothing. */
export const loadDemo = (
  service: Pick<Service, 'database' | 'limits'>,
  principal: string | null,
): Promise<readonly string[]> => loadPack(service, join(import.meta.dirname, '../../demo/pack'), principal)

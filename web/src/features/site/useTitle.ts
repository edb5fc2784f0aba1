// Keeps the document's title: the page's own words, then the site's name.
import { useEffect } from 'react';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { site } from './site';

export function useTitle(page: string | undefined): void {
  const { name } = useStore(site);
  useEffect(() => {
    document.title = text.common.title(page, name);
  }, [page, name]);
}

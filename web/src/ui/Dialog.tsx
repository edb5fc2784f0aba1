// A dialog over the page, which closes with Escape, with its button, and when its owner says so.
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { text } from '../lib/text';
import { IconButton } from './Button';
import styles from './Dialog.module.css';

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose(): void;
  children: ReactNode;
}

export function Dialog({ title, isOpen, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (isOpen && !element?.open) element?.showModal();
    if (!isOpen && element?.open) element.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} className={styles.dialog} onClose={onClose} aria-labelledby={id}>
      {isOpen && (
        <>
          <header className={styles.header}>
            <h2 id={id}>{title}</h2>
            <IconButton label={text.common.close} icon={<X />} onClick={onClose} />
          </header>
          {children}
        </>
      )}
    </dialog>
  );
}

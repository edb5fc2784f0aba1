// Asks before what cannot be undone.
import { text } from '../../lib/text';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import styles from './Channels.module.css';

interface ConfirmProps {
  title: string;
  question: string;
  yes: string;
  no?: string;
  isOpen: boolean;
  onYes(): void;
  onClose(): void;
}

export function Confirm({ title, question, yes, no, isOpen, onYes, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose}>
      <p>{question}</p>
      <div className={styles.buttons}>
        <Button
          tone="leave"
          onClick={() => {
            onYes();
            onClose();
          }}
        >
          {yes}
        </Button>
        <Button onClick={onClose}>{no ?? text.channels.cancel}</Button>
      </div>
    </Dialog>
  );
}

int adjudge_placeholder;

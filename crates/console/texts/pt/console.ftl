look-audit-seen = viu o registro para uma auditoria

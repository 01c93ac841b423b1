/**
 * Settings of Postfix that need nothing here: the server does so always, or has no such part.
 * @module
 */

/** Their names. */
export const NEEDLESS: ReadonlySet<string> = new Set([
  // Postfix's own files and processes.
  ...["compatibility_level", "mail_name", "mail_version", "mail_owner", "setgid_group"],
  ...["default_privs", "queue_directory", "command_directory", "daemon_directory"],
  ...["data_directory", "config_directory", "sendmail_path", "newaliases_path", "mailq_path"],
  ...["html_directory", "manpage_directory", "sample_directory", "readme_directory"],
  ...["meta_directory", "shlib_directory", "debug_peer_level", "debug_peer_list"],
  ...[
    "debugger_command",
    "default_process_limit",
    "default_database_type",
    "process_id_directory",
    "alias_database",
  ],
  ...[
    "smtpd_tls_session_cache_database",
    "smtp_tls_session_cache_database",
    "maillog_file_prefixes",
  ],
  ...["smtpd_tls_loglevel", "smtp_tls_loglevel", "smtpd_tls_received_header", "smtpd_tls_key_file"],
  ...["smtpd_tls_dh1024_param_file", "smtpd_tls_dh512_param_file", "smtpd_tls_eecdh_grade"],
  ...[
    "tls_random_source",
    "smtpd_tls_CAfile",
    "smtp_tls_note_starttls_offer",
    "smtp_tls_CApath",
    "smtpd_tls_CApath",
  ],
  ...["smtp_use_tls", "smtpd_use_tls", "smtp_tls_mandatory_protocols", "smtp_tls_protocols"],
  ...["smtpd_tls_mandatory_ciphers", "smtpd_tls_ciphers", "smtpd_tls_exclude_ciphers"],
  ...["smtp_tls_ciphers", "smtp_tls_mandatory_ciphers", "tls_preempt_cipherlist"],
  ...["smtpd_tls_mandatory_exclude_ciphers", "smtp_tls_exclude_ciphers", "tls_high_cipherlist"],
  ...["tls_medium_cipherlist", "tls_ssl_options", "lmtp_tls_session_cache_database"],
  // What is always so.
  ...["mydomain", "inet_protocols", "biff", "append_dot_mydomain", "append_at_myorigin"],
  ...["smtpd_helo_required", "disable_vrfy_command", "strict_rfc821_envelopes", "smtputf8_enable"],
  ...[
    "smtpd_delay_reject",
    "allow_percent_hack",
    "swap_bangpath",
    "smtpd_reject_unlisted_recipient",
  ],
  ...["smtpd_reject_unlisted_sender", "show_user_unknown_table_name", "smtpd_forbid_bare_newline"],
  ...["smtpd_forbid_unauth_pipelining", "smtpd_forbid_bare_newline_exclusions"],
  ...[
    "unknown_local_recipient_reject_code",
    "parent_domain_matches_subdomains",
    "owner_request_special",
  ],
  ...["broken_sasl_auth_clients", "smtpd_sasl_authenticated_header", "queue_run_delay"],
  ...["smtpd_sasl_local_domain", "smtp_dns_support_level", "smtp_host_lookup", "milter_protocol"],
  // What other settings read.
  ...[
    "smtpd_sasl_type",
    "smtpd_sasl_path",
    "smtpd_sasl_security_options",
    "smtpd_sender_login_maps",
  ],
  ...["smtpd_sasl_tls_security_options", "smtp_sasl_auth_enable", "smtp_sasl_security_options"],
  ...["smtp_sasl_tls_security_options", "smtp_sasl_mechanism_filter", "virtual_mailbox_base"],
  ...["virtual_uid_maps", "virtual_gid_maps", "virtual_minimum_uid", "anvil_rate_time_unit"],
]);
